namespace Yun.Tests.EndToEnd;

public sealed class StreamTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task The_end_of_standard_input_reaches_the_container_and_its_output_still_arrives(string client)
    {
        var result = await Daemon[client].RunWithInputAsync("one\ntwo\n", "run", "--rm", "-i", "busybox", "sh", "-c", "wc -l; echo after");
        Assert.Equal(["2", "after"], result.Succeeded().Lines);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_megabyte_goes_through_standard_input_and_back_unchanged(string client)
    {
        var text = string.Concat(Enumerable.Range(0, 100_000).Select(number => $"{number:d9}\n"));
        var result = await Daemon[client].RunWithInputAsync(text, "run", "--rm", "-i", "busybox", "cat");
        Assert.True(result.Succeeded().Output == text, $"{result.Output.Length} of {text.Length} bytes came back, or changed");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_exec_s_standard_input_is_closed_half_too(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sleep", "1000");
        Assert.Equal(["3", "after"], (await Daemon[client].RunWithInputAsync("a\nb\nc\n", "exec", "-i", name, "sh", "-c", "wc -l; echo after")).Succeeded().Lines);
    }

    [Fact]
    public async Task Without_i_standard_input_is_empty() =>
        Assert.Equal("0", (await Docker.RunWithInputAsync("not for you\n", "run", "--rm", "busybox", "wc", "-c")).Succeeded().Text);

    [Theory, MemberData(nameof(Clients))]
    public async Task An_attached_client_sees_what_comes_from_then_on(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sh", "-c", "until [ -e /go ]; do sleep 0.1; done; echo now; echo problem >&2; exit 6");
        var attached = Daemon[client].RunAsync("attach", name);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await Docker.TextAsync("exec", name, "touch", "/go");
        var result = (await attached).EndedWith(6);
        Assert.Equal("now\n", result.Output);
        Assert.Equal("problem\n", result.Error);
    }

    [Fact]
    public async Task A_created_container_is_started_with_its_input_attached()
    {
        var name = Name();
        await Docker.TextAsync("create", "-i", "--name", name, "busybox", "cat");
        Assert.Equal("through", (await Docker.RunWithInputAsync("through", "start", "-ai", name)).Succeeded().Text);
    }

    [Fact]
    public async Task Much_output_arrives_whole_on_both_streams()
    {
        var result = (await Docker.RunAsync("run", "--rm", "busybox", "sh", "-c", "seq 1 50000; seq 1 50000 >&2")).Succeeded();
        Assert.Equal(50000, result.Lines.Length);
        Assert.Equal("50000", result.Error.Trim().Split('\n')[^1]);
        Assert.Equal(50000, result.Error.Trim().Split('\n').Length);
    }
}

namespace Yun.Tests.EndToEnd;

public sealed class LogsTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private async Task<string> FinishedAsync(params string[] command)
    {
        var name = Name();
        await Docker.RunAsync(["run", "--name", name, "busybox", .. command]);
        return name;
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task What_was_written_is_told_again_on_its_own_stream(string client)
    {
        var name = await FinishedAsync("sh", "-c", "echo out; echo err >&2");
        var result = (await Daemon[client].RunAsync("logs", name)).Succeeded();
        Assert.Equal("out\n", result.Output);
        Assert.Equal("err\n", result.Error);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_tail_is_the_last_lines(string client)
    {
        var name = await FinishedAsync("seq", "1", "100");
        Assert.Equal(["98", "99", "100"], (await Daemon[client].RunAsync("logs", "-n", "3", name)).Succeeded().Lines);
        Assert.Empty((await Daemon[client].RunAsync("logs", "--tail", "0", name)).Succeeded().Lines);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Times_are_told_when_asked(string client)
    {
        var name = await FinishedAsync("echo", "x");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z x$", (await Daemon[client].RunAsync("logs", "-t", name)).Succeeded().Text);
    }

    [Fact]
    public async Task Lines_outside_the_asked_times_are_left_out()
    {
        var name = await FinishedAsync("echo", "x");
        Assert.Equal("", await Docker.TextAsync("logs", "--until", "2001-01-01T00:00:00Z", name));
        Assert.Equal("x", await Docker.TextAsync("logs", "--since", "1h", name));
        Assert.Equal("", await Docker.TextAsync("logs", "--since", "2099-01-01T00:00:00Z", name));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Following_ends_with_the_container_and_misses_nothing(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sh", "-c", "for i in $(seq 20); do echo $i; sleep 0.1; done");
        Assert.Equal(Enumerable.Range(1, 20).Select(number => $"{number}"), (await Daemon[client].RunAsync("logs", "-f", name)).Succeeded().Lines);
    }

    [Fact]
    public async Task A_long_line_and_a_line_without_an_end_come_back_as_they_were()
    {
        var name = await FinishedAsync("sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; printf end");
        var result = (await Docker.RunAsync("logs", name)).Succeeded();
        Assert.Equal(new string('x', 100000) + "\nend", result.Output);
    }

    [Fact]
    public async Task A_log_with_a_size_is_rotated_and_read_across_its_files()
    {
        var name = Name();
        (await Docker.RunAsync("run", "--name", name, "--log-opt", "max-size=10k", "--log-opt", "max-file=3", "busybox", "seq", "1", "1000")).Succeeded();
        var lines = (await Docker.RunAsync("logs", name)).Succeeded().Lines;
        Assert.Equal("1000", lines[^1]);
        Assert.InRange(lines.Length, 100, 999);
        Assert.Equal(Enumerable.Range(1001 - lines.Length, lines.Length).Select(number => $"{number}"), lines);
    }

    [Fact]
    public async Task A_container_without_a_log_says_so()
    {
        var name = Name();
        (await Docker.RunAsync("run", "--name", name, "--log-driver", "none", "busybox", "echo", "x")).Succeeded();
        (await Docker.RunAsync("logs", name)).FailedSaying("does not support reading");
    }
}

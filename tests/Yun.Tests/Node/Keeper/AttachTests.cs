using System.Buffers.Binary;
using System.Text;
using Yun.Node.Keeper;
using Yun.Oci;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Node.Keeper;

public sealed class AttachTests
{
    [Fact]
    public async Task A_client_attached_before_the_start_misses_nothing()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "echo out; sleep 0.1; echo err >&2");
        await using var client = await keeper.Client.AttachAsync(start.ProcessId, stdin: false, stdout: true, stderr: true);
        await keeper.RunAsync(start);
        Assert.Equal("1:out\n2:err\n", await FramesAsync(client));
    }

    [Fact]
    public async Task Only_the_streams_asked_for_arrive()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "echo out; echo err >&2");
        await using var client = await keeper.Client.AttachAsync(start.ProcessId, false, stdout: false, stderr: true);
        await keeper.RunAsync(start);
        Assert.Equal("2:err\n", await FramesAsync(client));
    }

    [Fact]
    public async Task A_half_closed_input_ends_the_processs_and_its_answer_still_arrives()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "cat; echo ended") with { OpenStdin = true, StdinOnce = true };
        await using var client = await keeper.Client.AttachAsync(start.ProcessId, true, true, true);
        await keeper.RunAsync(start);
        var sent = Encoding.ASCII.GetBytes(new string('x', 1 << 20));
        var answer = FramesAsync(client);
        await client.WriteAsync(sent);
        client.CloseWrite();
        Assert.Equal(sent.Length + "ended\n".Length, (await answer).Replace("1:", "").Length);
        Assert.Equal(0, (await keeper.ExitedAsync(start.ProcessId)).ExitCode);
    }

    [Fact]
    public async Task An_input_that_stays_open_detaches_the_client_that_ends_its_own()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("cat") with { OpenStdin = true };
        await keeper.RunAsync(start);
        await using (var client = await keeper.Client.AttachAsync(start.ProcessId, true, true, true))
        {
            await client.WriteAsync("first\n"u8.ToArray());
            await Eventually.HoldsAsync(() => Task.FromResult(LogsTests.Read(keeper.LogPath(start.ProcessId)).Count == 1));
            client.CloseWrite();
            Assert.Equal("1:first\n", await FramesAsync(client));
        }
        await using var second = await keeper.Client.AttachAsync(start.ProcessId, true, true, true);
        await second.WriteAsync("second\n"u8.ToArray());
        await Eventually.HoldsAsync(() => Task.FromResult(LogsTests.Read(keeper.LogPath(start.ProcessId)).Count == 2));
        Assert.Null((await keeper.Client.ListAsync()).Single().Exit);
    }

    [Fact]
    public async Task A_slow_reader_holds_the_process_up_and_gets_everything()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "seq 2000000; touch /tmp/written") with { Log = null };
        await using var client = await keeper.Client.AttachAsync(start.ProcessId, false, true, true);
        await using var other = await keeper.Client.AttachAsync(start.ProcessId, false, true, true);
        var others = FramesAsync(other);
        await keeper.RunAsync(start);
        // Nobody reads the one; another container is served meanwhile, and the first cannot get far ahead.
        Assert.Equal(0, (await keeper.RunToEndAsync(keeper.Container("seq", "100000"))).ExitCode);
        Assert.Equal(1, (await keeper.RunToEndAsync(keeper.Exec(start.ContainerId, "test", "-e", "/tmp/written"))).ExitCode);
        var wanted = string.Concat(Enumerable.Range(1, 2_000_000).Select(i => $"{i}\n"));
        Assert.Equal(wanted, (await FramesAsync(client)).Replace("1:", ""));
        Assert.Equal(wanted, (await others).Replace("1:", ""));
    }

    [Fact]
    public async Task A_reader_that_goes_away_lets_the_process_go_on()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("seq", "2000000");
        await using (await keeper.Client.AttachAsync(start.ProcessId, false, true, true)) await keeper.RunAsync(start);
        Assert.Equal(0, (await keeper.ExitedAsync(start.ProcessId)).ExitCode);
    }

    [Fact]
    public async Task Input_that_nobody_reads_does_not_hold_anything_up()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "sleep 0.5; echo done") with { OpenStdin = true, StdinOnce = true };
        await using var client = await keeper.Client.AttachAsync(start.ProcessId, true, true, true);
        await keeper.RunAsync(start);
        var answer = FramesAsync(client);
        // More than the pipe, the keeper and the socket hold; the rest is refused when the process has ended.
        try { await client.WriteAsync(new byte[4 << 20]); }
        catch (IOException) { }
        Assert.Equal("1:done\n", await answer);
    }

    [Fact]
    public async Task A_terminal_is_raw_has_the_size_it_was_given_and_takes_input()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "stty -echo; echo ready; read line; stty size; echo got $line") with { OpenStdin = true };
        start.Spec.Process!.Terminal = true;
        await using var client = await keeper.Client.AttachAsync(start.ProcessId, true, true, true);
        await keeper.RunAsync(start);
        await keeper.Client.ResizeAsync(start.ProcessId, 43, 121);
        var output = new StringBuilder();
        await ReadUntilAsync(client, output, "ready\r\n");
        await client.WriteAsync("word\n"u8.ToArray());
        await ReadUntilAsync(client, output, null);
        Assert.Equal("ready\r\n43 121\r\ngot word\r\n", output.ToString());
        Assert.Equal(["ready\r\n", "43 121\r\n", "got word\r\n"], LogsTests.Read(keeper.LogPath(start.ProcessId)).Select(line => line.Log));
    }

    [Fact]
    public async Task A_process_in_a_container_has_streams_and_an_end_of_its_own()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var container = keeper.Container("sleep", "1000");
        await keeper.RunAsync(container);
        var exec = keeper.Exec(container.ContainerId, "sh", "-c", "cat; exit 7") with { OpenStdin = true };
        await using var client = await keeper.Client.AttachAsync(exec.ProcessId, true, true, true);
        await keeper.RunAsync(exec);
        await client.WriteAsync("to exec"u8.ToArray());
        client.CloseWrite();
        Assert.Equal("1:to exec", await FramesAsync(client));
        var exit = await keeper.ExitedAsync(exec.ProcessId);
        Assert.Equal((7, container.ContainerId), (exit.ExitCode, exit.ContainerId));
        Assert.Null((await keeper.Client.ListAsync()).Single(process => !process.Exec).Exit);
    }

    [Fact]
    public async Task Clients_of_a_start_that_fails_are_let_go()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("nosuch");
        await using var client = await keeper.Client.AttachAsync(start.ProcessId, true, true, true);
        var error = await Assert.ThrowsAsync<Protocol.EngineException>(() => keeper.RunAsync(start));
        Assert.Equal(Protocol.ErrorKind.InvalidArgument, error.Kind);
        Assert.EndsWith("exec: \"nosuch\": executable file not found in $PATH", error.Message);
        Assert.Equal("", await FramesAsync(client));
    }

    /// <summary>Every frame's kind and text, with successive ones of a kind joined.</summary>
    internal static async Task<string> FramesAsync(KeptAttachment client)
    {
        var text = new StringBuilder();
        var header = new byte[8];
        var last = 0;
        while (await client.ReadAtLeastAsync(header, 8, throwOnEndOfStream: false) == 8)
        {
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))];
            await client.ReadExactlyAsync(body);
            if (header[0] != last) text.Append(last = header[0]).Append(':');
            text.Append(Encoding.ASCII.GetString(body));
        }
        return text.ToString();
    }

    internal static async Task ReadUntilAsync(KeptAttachment client, StringBuilder output, string? end)
    {
        var buffer = new byte[4096];
        while (end is null || !output.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            var count = await client.ReadAsync(buffer);
            if (count == 0) return;
            output.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
    }
}

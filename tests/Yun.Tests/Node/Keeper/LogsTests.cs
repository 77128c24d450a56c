using System.Text;
using System.Text.Json;
using Yun.Protocol;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Node.Keeper;

public sealed class LogsTests
{
    [Fact]
    public async Task No_line_is_lost_however_much_is_written()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; seq 1000000");
        var exit = await keeper.RunToEndAsync(start);
        Assert.Equal(0, exit.ExitCode);
        var lines = Read(keeper.LogPath(start.ProcessId));
        var wanted = Enumerable.Range(0, 20000).Select(i => $"out {i}\n").Concat(Enumerable.Range(1, 1_000_000).Select(i => $"{i}\n"));
        Assert.Equal(wanted, lines.Where(line => line.Stream == "stdout").Select(line => line.Log));
        Assert.Equal(Enumerable.Range(0, 20000).Select(i => $"err {i}\n"), lines.Where(line => line.Stream == "stderr").Select(line => line.Log));
    }

    [Fact]
    public async Task Output_without_a_newline_at_the_end_is_kept_as_it_is()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("printf", "one\\ntwo");
        await keeper.RunToEndAsync(start);
        Assert.Equal(["one\n", "two"], Read(keeper.LogPath(start.ProcessId)).Select(line => line.Log));
    }

    [Fact]
    public async Task Rotation_keeps_the_newest_lines_in_as_many_files_as_asked_for()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("seq", "100000");
        start.Log!.FileBytesMax = 1 << 20;
        start.Log.FilesMax = 3;
        await keeper.RunToEndAsync(start);
        var path = keeper.LogPath(start.ProcessId);
        Assert.Equal(new[] { path, path + ".1", path + ".2" }, Directory.GetFiles(keeper.Folder, start.ProcessId + "-json.log*").Order());
        var numbers = new[] { path + ".2", path + ".1", path }.SelectMany(Read).Select(line => int.Parse(line.Log)).ToList();
        Assert.Equal(Enumerable.Range(100_000 - numbers.Count + 1, numbers.Count), numbers);
        Assert.All([path + ".1", path + ".2"], file => Assert.InRange(new FileInfo(file).Length, 1 << 20, (1 << 20) + 200));
    }

    [Fact]
    public async Task A_log_that_never_blocks_still_has_all_that_its_buffer_can_hold()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("seq", "1000");
        (start.Log!.NonBlocking, start.Log.Attributes) = (true, new() { ["tag"] = "a<b" });
        await keeper.RunToEndAsync(start);
        Assert.Equal(Enumerable.Range(1, 1000), Read(keeper.LogPath(start.ProcessId)).Select(line => int.Parse(line.Log)));
        Assert.StartsWith("""{"log":"1\n","stream":"stdout","attrs":{"tag":"a\u003cb"},"time":"2""", File.ReadAllText(keeper.LogPath(start.ProcessId)));
    }

    [Fact]
    public async Task Without_a_log_the_output_still_goes_somewhere()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var exit = await keeper.RunToEndAsync(keeper.Container("seq", "1000000") with { Log = null });
        Assert.Equal(0, exit.ExitCode);
    }

    [Fact]
    public async Task A_log_can_be_emptied_while_it_is_written()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "echo before; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo after");
        await keeper.RunAsync(start);
        await Eventually.HoldsAsync(() => Task.FromResult(Read(keeper.LogPath(start.ProcessId)).Count == 1));
        await keeper.Client.ClearLogAsync(start.ProcessId);
        Assert.Empty(Read(keeper.LogPath(start.ProcessId)));
        await keeper.RunToEndAsync(keeper.Exec(start.ContainerId, "touch", "/tmp/go"));
        await keeper.ExitedAsync(start.ProcessId);
        Assert.Equal(["after\n"], Read(keeper.LogPath(start.ProcessId)).Select(line => line.Log));
    }

    internal static List<(string Log, string Stream)> Read(string path) =>
        [.. File.ReadLines(path, Encoding.UTF8).Select(line => JsonDocument.Parse(line).RootElement).Select(line => (line.GetProperty("log").GetString()!, line.GetProperty("stream").GetString()!))];
}

using System.Text;
using Yun.Linux;
using Yun.Node.Keeper;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Node.Keeper;

/// <summary>The keeper becomes another version of its program under everything that it keeps.</summary>
public sealed class UpgradeTests
{
    [Fact]
    public async Task Processes_streams_logs_and_what_is_held_go_on()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var counting = keeper.Container("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.005; done");
        // Half a line is in the keeper's memory when it becomes the other version.
        var talking = keeper.Container("sh", "-c", "printf begun; while read line; do echo \" heard $line\"; printf begun; done; exit 7") with { OpenStdin = true, StdinOnce = true };
        var ended = keeper.Container("sh", "-c", "exit 4");
        var terminal = keeper.Container("sh", "-c", "read line; echo got $line; exit 3") with { OpenStdin = true };
        terminal.Spec.Process!.Terminal = true;
        await using var client = await keeper.Client.AttachAsync(talking.ProcessId, true, true, true);
        var pids = new[] { await keeper.RunAsync(counting), await keeper.RunAsync(talking), await keeper.RunAsync(terminal) }.Select(process => process.Pid).ToArray();
        await keeper.RunToEndAsync(ended);
        await using var screen = await keeper.Client.AttachAsync(terminal.ProcessId, true, true, true);
        var heard = AttachTests.FramesAsync(client);
        using (var pipe = new Pipe())
        {
            await keeper.Client.HoldAsync("pipe", [pipe.Read, pipe.Write]);
            Pipe.WriteAll(pipe.Write, "kept"u8);
        }
        await client.WriteAsync("one\n"u8.ToArray());
        await Eventually.HoldsAsync(() => Task.FromResult(LogsTests.Read(keeper.LogPath(talking.ProcessId)).Count == 1));

        var former = keeper.Client.Pid;
        var journal = keeper.Journal;
        await keeper.UpgradeAsync();

        Assert.Equal(former, keeper.Client.Pid);
        Assert.Null(keeper.Client.UpgradeRefusal);
        Assert.Contains("another version", keeper.Journal[journal.Length..], StringComparison.Ordinal);
        Assert.Equal(4, (await keeper.ExitedAsync(ended.ProcessId)).ExitCode);
        Assert.Equal([.. pids, null], (await keeper.Client.ListAsync()).OrderBy(process => process.StartedAt).Select(process => process.Exit is null ? process.Pid : (int?)null));
        await client.WriteAsync("two\n"u8.ToArray());
        client.CloseWrite();
        Assert.Equal("begun heard one\nbegun heard two\nbegun", (await heard).Replace("1:", "", StringComparison.Ordinal));
        Assert.Equal(7, (await keeper.ExitedAsync(talking.ProcessId)).ExitCode);
        Assert.Equal(["begun heard one\n", "begun heard two\n", "begun"], LogsTests.Read(keeper.LogPath(talking.ProcessId)).Select(line => line.Log));

        await keeper.Client.ResizeAsync(terminal.ProcessId, 20, 70);
        await screen.WriteAsync("word\n"u8.ToArray());
        Assert.Equal(3, (await keeper.ExitedAsync(terminal.ProcessId)).ExitCode);
        var shown = new StringBuilder();
        await AttachTests.ReadUntilAsync(screen, shown, null);
        Assert.Equal("word\r\ngot word\r\n", shown.ToString());

        var held = await keeper.Client.HeldAsync("pipe");
        var buffer = new byte[16];
        Assert.Equal("kept", Encoding.ASCII.GetString(buffer, 0, Pipe.ReadSome(held[0], buffer)));
        foreach (var handle in held) handle.Dispose();

        Assert.Equal(0, (await keeper.RunToEndAsync(keeper.Exec(counting.ContainerId, "true"))).ExitCode);
        await keeper.Client.SignalAsync(counting.ProcessId, 9);
        Assert.Equal(137, (await keeper.ExitedAsync(counting.ProcessId)).ExitCode);
        var lines = LogsTests.Read(keeper.LogPath(counting.ProcessId)).Select(line => line.Log).ToArray();
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(number => $"{number}\n"), lines);
        Assert.Equal(137, KeeperClient.ReadExitRecord(keeper.ExitPath(counting.ProcessId))!.ExitCode);
    }

    [Fact]
    public async Task Many_upgrades_under_starts_and_ends_lose_nothing()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        for (var round = 0; round < 5; round++)
        {
            var starts = Enumerable.Range(0, 10).Select(number => keeper.Container("sh", "-c", $"sleep 0.{number}; echo said; exit {number}")).ToList();
            foreach (var start in starts) await keeper.RunAsync(start);
            await keeper.UpgradeAsync();
            for (var number = 0; number < starts.Count; number++)
            {
                Assert.Equal(number, (await keeper.ExitedAsync(starts[number].ProcessId)).ExitCode);
                Assert.Equal("said\n", LogsTests.Read(keeper.LogPath(starts[number].ProcessId)).Single().Log);
                await keeper.Client.ForgetAsync(starts[number].ProcessId);
            }
        }
        Assert.Empty(await keeper.Client.ListAsync());
        // Neither descriptors nor children of former versions are left.
        Assert.InRange(Directory.GetFileSystemEntries($"/proc/{keeper.Client.Pid}/fd").Length, 3, 16);
        Assert.Empty(File.ReadAllText($"/proc/{keeper.Client.Pid}/task/{keeper.Client.Pid}/children").Trim());
    }

    [Fact]
    public async Task A_program_that_is_no_runtime_is_refused_and_the_keeper_stays()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sleep", "1000");
        await keeper.RunAsync(start);
        await keeper.UpgradeAsync("/bin/true");
        Assert.Contains("not a working yun-runtime", keeper.Client.UpgradeRefusal, StringComparison.Ordinal);
        Assert.Null((await keeper.Client.ListAsync()).Single().Exit);
        await keeper.Client.SignalAsync(start.ProcessId, 9);
        Assert.Equal(137, (await keeper.ExitedAsync(start.ProcessId)).ExitCode);
    }
}

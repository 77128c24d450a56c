using System.Diagnostics;
using Yun.Linux;
using Yun.Node.Keeper;
using Yun.Protocol;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Node.Keeper;

public sealed class SurvivalTests
{
    [Fact]
    public async Task What_runs_and_what_has_ended_is_found_again_after_the_client_is_gone()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var running = keeper.Container("sh", "-c", "while :; do echo line; sleep 0.01; done");
        var ending = keeper.Container("sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.02; done; exit 5");
        var ended = keeper.Container("false");
        var (first, second) = (await keeper.RunAsync(running), await keeper.RunAsync(ending));
        await keeper.RunToEndAsync(ended);
        var pids = (first.Pid, second.Pid);

        await keeper.Client.DisposeAsync();
        keeper.ForgetExits();
        await File.WriteAllTextAsync($"/proc/{pids.Item2}/root/tmp/go", "");
        await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(keeper.ExitPath(ending.ProcessId))));
        await keeper.ConnectAsync();

        Assert.Equal(1, (await keeper.ExitedAsync(ended.ProcessId)).ExitCode);
        Assert.Equal(5, (await keeper.ExitedAsync(ending.ProcessId)).ExitCode);
        var list = await keeper.Client.ListAsync();
        Assert.Equal(3, list.Count);
        var found = list.Single(process => process.ProcessId == running.ProcessId);
        Assert.Equal((pids.Item1, null), (found.Pid, found.Exit));
        Assert.Equal(Errno.None, ProcessDescriptor.Signal(found.PidFd, 9));
        Assert.Equal(137, (await keeper.ExitedAsync(running.ProcessId)).ExitCode);
    }

    [Fact]
    public async Task An_exit_is_told_until_it_is_forgotten()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("true");
        await keeper.RunToEndAsync(start);
        await keeper.Client.ForgetAsync(start.ProcessId);
        Assert.Empty(await keeper.Client.ListAsync());
        var told = 0;
        await using (var other = await KeeperClient.ConnectOrStartAsync(keeper.Options))
        {
            Assert.Equal(keeper.Client.Pid, other.Pid);
            other.Exited += _ => told++;
            Assert.Empty(await other.ListAsync());
        }
        Assert.Equal(0, told);
        keeper.ForgetExits();
        Assert.Equal(0, (await keeper.RunToEndAsync(start)).ExitCode);
    }

    [Fact]
    public async Task The_exit_is_on_disk_before_the_process_is_reaped()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            var start = keeper.Container("sh", "-c", "exit 3");
            var process = await keeper.RunAsync(start);
            // Watches /proc without a pause: the moment the pid is gone, the record must be there.
            while (File.Exists($"/proc/{process.Pid}/stat")) { }
            var record = KeeperClient.ReadExitRecord(keeper.ExitPath(start.ProcessId));
            Assert.Equal((3, process.Pid), (record!.ExitCode, record.Pid));
        }
    }

    [Fact]
    public async Task A_killed_keeper_is_noticed_and_the_containers_run_on()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "while :; do echo line || exit 1; sleep 0.01; done");
        var process = await keeper.RunAsync(start);
        var lost = new TaskCompletionSource<EngineException>(TaskCreationOptions.RunContinuationsAsynchronously);
        keeper.Client.Lost += error => lost.TrySetResult(error);
        Process.GetProcessById(keeper.Client.Pid).Kill();
        Assert.Equal(ErrorKind.Unavailable, (await lost.Task.WaitAsync(TimeSpan.FromSeconds(60))).Kind);
        Assert.Equal(ErrorKind.Unavailable, (await Assert.ThrowsAsync<EngineException>(() => keeper.Client.ListAsync())).Kind);
        Assert.Equal(Errno.None, ProcessDescriptor.Signal(process.PidFd, 0));
        ProcessDescriptor.Signal(process.PidFd, 9);
    }

    [Fact]
    public async Task Two_daemons_that_start_at_once_share_one_keeper()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        await keeper.Client.StopAsync();
        var clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => KeeperClient.ConnectOrStartAsync(keeper.Options)));
        await keeper.ConnectAsync();
        Assert.All(clients, client => Assert.Equal(keeper.Client.Pid, client.Pid));
        foreach (var client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task A_keeper_with_containers_refuses_to_stop_and_leaves_nothing_when_it_does()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sleep", "1000");
        await keeper.RunAsync(start);
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<EngineException>(() => keeper.Client.StopAsync())).Kind);
        await keeper.Client.SignalAsync(start.ProcessId, 9);
        await keeper.ExitedAsync(start.ProcessId);
        await keeper.Client.StopAsync();
        await Eventually.HoldsAsync(() => Task.FromResult(!File.Exists($"/proc/{keeper.Client.Pid}/status") && !File.Exists(keeper.Options.SocketPath)));
    }

    [Fact]
    public async Task What_is_held_outlives_the_one_who_brought_it()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        using (var pipe = new Pipe())
        {
            await keeper.Client.HoldAsync("pipe", [pipe.Read, pipe.Write]);
            Pipe.WriteAll(pipe.Write, "kept"u8);
        }
        await keeper.Client.DisposeAsync();
        await keeper.ConnectAsync();
        var held = await keeper.Client.HeldAsync("pipe");
        var buffer = new byte[16];
        Assert.Equal(4, Pipe.ReadSome(held[0], buffer));
        await keeper.Client.ReleaseAsync("pipe");
        Assert.Empty(await keeper.Client.HeldAsync("pipe"));
        foreach (var handle in held) handle.Dispose();
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Node.Keeper;

public sealed class ProcessTests
{
    [Fact]
    public async Task A_killed_process_counts_as_128_and_the_signal()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sleep", "1000");
        await keeper.RunAsync(start);
        await keeper.Client.SignalAsync(start.ProcessId, 9);
        Assert.Equal(137, (await keeper.ExitedAsync(start.ProcessId)).ExitCode);
        Assert.Equal(ErrorKind.Conflict, (await Assert.ThrowsAsync<EngineException>(() => keeper.Client.SignalAsync(start.ProcessId, 15))).Kind);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<EngineException>(() => keeper.Client.SignalAsync("nosuch", 15))).Kind);
    }

    [Fact]
    public async Task An_exit_by_lack_of_memory_says_so()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "tail /dev/zero");
        start.Spec.Linux!.Resources = new SpecResources { Memory = new SpecMemory { Limit = 16 << 20 } };
        var exit = await keeper.RunToEndAsync(start);
        Assert.True(exit.OomKilled);
        Assert.False((await keeper.RunToEndAsync(keeper.Container("true"))).OomKilled);
    }

    [Fact]
    public async Task What_a_container_leaves_running_in_the_hosts_pid_namespace_is_killed_with_it()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "sleep 1000 & sh -c 'sleep 1001 & exit' ; echo $!");
        start.Spec.Linux!.Namespaces!.RemoveAll(one => one.Type == "pid");
        await keeper.RunToEndAsync(start);
        var left = int.Parse(LogsTests.Read(keeper.LogPath(start.ProcessId)).Single().Log);
        await Eventually.HoldsAsync(() => Task.FromResult(!File.Exists($"/proc/{left}/stat")));
        Assert.Empty(Cgroup.At(start.Spec.Linux.CgroupsPath!).Processes());
        Assert.Empty(Directory.GetDirectories("/sys/fs/cgroup", start.ContainerId, SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Orphans_are_reaped()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sh", "-c", "for i in 1 2 3 4 5; do sh -c 'sleep 0.1 & exit'; done; sleep 1000");
        start.Spec.Linux!.Namespaces!.RemoveAll(one => one.Type == "pid");
        var process = await keeper.RunAsync(start);
        await Eventually.HoldsAsync(() => Task.FromResult(ChildrenOf(keeper.Client.Pid).SequenceEqual([process.Pid])));
    }

    [Fact]
    public async Task An_exec_whose_child_keeps_its_output_is_still_told_to_have_ended()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var start = keeper.Container("sleep", "1000");
        await keeper.RunAsync(start);
        var exec = keeper.Exec(start.ContainerId, "sh", "-c", "(sleep 3; echo late; echo fine > /tmp/late) & exit 4");
        Assert.Equal(4, (await keeper.RunToEndAsync(exec)).ExitCode);
        // What goes on is not killed by writing to an output that nobody wants any more.
        await Eventually.HoldsAsync(async () => (await keeper.RunToEndAsync(keeper.Exec(start.ContainerId, "test", "-e", "/tmp/late"))).ExitCode == 0);
    }

    [Fact]
    public async Task A_hundred_containers_started_at_once_all_run_and_all_end()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var starts = Enumerable.Range(0, 100).Select(i => keeper.Container("sh", "-c", $"echo {i}; exit {i}")).ToList();
        await Task.WhenAll(starts.Select(keeper.RunAsync));
        for (var i = 0; i < starts.Count; i++)
        {
            Assert.Equal(i, (await keeper.ExitedAsync(starts[i].ProcessId)).ExitCode);
            Assert.Equal($"{i}\n", LogsTests.Read(keeper.LogPath(starts[i].ProcessId)).Single().Log);
        }
        foreach (var start in starts) await keeper.Client.ForgetAsync(start.ProcessId);
        await Eventually.HoldsAsync(() => Task.FromResult(!ChildrenOf(keeper.Client.Pid).Any()));
        Assert.InRange(Directory.GetFiles($"/proc/{keeper.Client.Pid}/fd").Length, 1, 16);
        Assert.DoesNotContain("fault", keeper.Journal);
    }

    [Fact]
    public async Task The_keeper_cannot_be_changed_through_its_own_file_and_shows_nothing()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        var pid = keeper.Client.Pid;
        Assert.StartsWith("/memfd:yun-keeper", File.ResolveLinkTarget($"/proc/{pid}/exe", false)!.FullName);
        Assert.ThrowsAny<Exception>(() => File.OpenWrite($"/proc/{pid}/exe").Dispose());
        var status = File.ReadAllLines($"/proc/{pid}/status");
        Assert.Contains("Name:\tyun-keeper", status);
        Assert.Equal(pid, SessionOf(pid));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(keeper.Options.SocketPath));
    }

    [Fact]
    public async Task What_is_not_the_protocol_ends_its_connection_only()
    {
        await using var keeper = await RunningKeeper.StartAsync();
        foreach (var bytes in (byte[][])[[255, 255, 255, 255, 1, 2, 3, 4], [2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'!'], [4, 0, 0, 0, 0, 0, 0, 0, .. "null"u8]])
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(keeper.Options.SocketPath));
            await socket.SendAsync(bytes);
            Assert.Equal(0, await socket.ReceiveAsync(new byte[16]));
        }
        Assert.Empty(await keeper.Client.ListAsync());
    }

    private static IEnumerable<int> ChildrenOf(int pid) =>
        Directory.GetDirectories($"/proc/{pid}/task").SelectMany(task => File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse).Order();

    private static int SessionOf(int pid) => int.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ')[3]);
}

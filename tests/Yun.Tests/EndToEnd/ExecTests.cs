namespace Yun.Tests.EndToEnd;

public sealed class ExecTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private async Task<string> RunningAsync(params string[] flags)
    {
        var name = Name();
        await Docker.TextAsync(["run", "-d", "--name", name, .. flags, "busybox", "sleep", "1000"]);
        return name;
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_second_process_is_in_the_container_s_namespaces(string client)
    {
        var name = await RunningAsync("--hostname", "boat");
        Assert.Equal(["boat", "sleep 1000"], (await Daemon[client].RunAsync("exec", name, "sh", "-c", "hostname; tr '\\0' ' ' < /proc/1/cmdline")).Succeeded().Lines);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Environment_workdir_and_user_are_as_asked(string client)
    {
        var name = await RunningAsync("-e", "A=a");
        Assert.Equal(["a", "b", "/tmp", "99"], (await Daemon[client].RunAsync("exec", "-e", "B=b", "-w", "/tmp", "-u", "99", name, "sh", "-c", "echo $A; echo $B; pwd; id -u")).Succeeded().Lines);
    }

    [Fact]
    public async Task It_is_confined_as_the_container_is()
    {
        var name = await RunningAsync("--cap-drop", "ALL", "--pids-limit", "50");
        Assert.Equal(["0000000000000000", "2"], (await Docker.RunAsync("exec", name, "sh", "-c", "grep -E 'CapEff|Seccomp:' /proc/self/status | cut -f 2")).Succeeded().Lines);
        var own = await Docker.TextAsync("exec", name, "cat", "/proc/1/cgroup");
        Assert.Equal(own, await Docker.TextAsync("exec", name, "cat", "/proc/self/cgroup"));
        Assert.NotEqual("0000000000000000", await Docker.TextAsync("exec", "--privileged", name, "sh", "-c", "grep CapEff /proc/self/status | cut -f 2"));
    }

    [Fact]
    public async Task A_detached_exec_goes_on_by_itself()
    {
        var name = await RunningAsync();
        await Docker.TextAsync("exec", "-d", name, "sh", "-c", "sleep 0.2; touch /done");
        await Eventually.HoldsAsync(async () => (await Docker.RunAsync("exec", name, "test", "-e", "/done")).ExitCode == 0);
    }

    [Fact]
    public async Task A_stopped_or_paused_container_refuses()
    {
        var name = await RunningAsync();
        await Docker.TextAsync("pause", name);
        (await Docker.RunAsync("exec", name, "true")).EndedWith(1).FailedSaying("is paused");
        await Docker.TextAsync("unpause", name);
        await Docker.TextAsync("kill", name);
        (await Docker.RunAsync("exec", name, "true")).EndedWith(1).FailedSaying("is not running");
    }
}

namespace Yun.Tests.EndToEnd;

/// <summary>create, start, stop, restart, kill, pause, wait, rename, top, stats, update, rm, ps.</summary>
public sealed class LifecycleTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private async Task<string> RunningAsync(params string[] flags)
    {
        var name = Name();
        await Docker.TextAsync(["run", "-d", "--name", name, .. flags, "busybox", "sleep", "1000"]);
        return name;
    }

    private Task<string> StatusAsync(string name) => Docker.TextAsync("inspect", "-f", "{{.State.Status}}", name);

    [Theory, MemberData(nameof(Clients))]
    public async Task A_container_is_created_started_stopped_and_removed(string client)
    {
        var yun = Daemon[client];
        var name = Name();
        Assert.Matches("^[0-9a-f]{64}$", await yun.TextAsync("create", "--name", name, "busybox", "sh", "-c", "trap 'exit 3' TERM; while true; do sleep 0.1; done"));
        Assert.Equal("created", await StatusAsync(name));
        Assert.Equal(name, await yun.TextAsync("start", name));
        Assert.Equal("running", await StatusAsync(name));
        Assert.Equal(name, await yun.TextAsync("start", name));
        Assert.Equal(name, await yun.TextAsync("stop", name));
        Assert.Equal("exited", await StatusAsync(name));
        Assert.Equal("3", await Docker.TextAsync("inspect", "-f", "{{.State.ExitCode}}", name));
        Assert.Equal(name, await yun.TextAsync("restart", name));
        Assert.Equal("running", await StatusAsync(name));
        (await yun.RunAsync("rm", name)).EndedWith(1).FailedSaying("running");
        Assert.Equal(name, await yun.TextAsync("rm", "-f", name));
        (await yun.RunAsync("rm", name)).EndedWith(1).FailedSaying("No such container");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_stop_that_is_not_heeded_kills_at_its_timeout(string client)
    {
        var name = await RunningAsync();
        (await Daemon[client].RunAsync("stop", "-t", "1", name)).Succeeded();
        Assert.Equal("exited 137", await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task The_stop_signal_is_the_container_s(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "--stop-signal", "USR1", "busybox", "sh", "-c", "trap 'exit 8' USR1; touch /ready; while true; do sleep 0.1; done");
        await Eventually.HoldsAsync(async () => (await Docker.RunAsync("exec", name, "test", "-e", "/ready")).ExitCode == 0);
        (await Daemon[client].RunAsync("stop", name)).Succeeded();
        Assert.Equal("8", await Docker.TextAsync("inspect", "-f", "{{.State.ExitCode}}", name));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_paused_container_stands_still(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sh", "-c", "i=0; while true; do i=$((i+1)); echo $i; sleep 0.1; done");
        await Eventually.HoldsAsync(async () => (await Docker.RunAsync("logs", name)).Lines.Length > 2);
        Assert.Equal(name, await Daemon[client].TextAsync("pause", name));
        Assert.Equal("paused", await StatusAsync(name));
        var lines = (await Docker.RunAsync("logs", name)).Lines.Length;
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.Equal(lines, (await Docker.RunAsync("logs", name)).Lines.Length);
        Assert.Equal(name, await Daemon[client].TextAsync("unpause", name));
        await Eventually.HoldsAsync(async () => (await Docker.RunAsync("logs", name)).Lines.Length > lines);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Kill_sends_the_signal_that_is_named(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sh", "-c", "trap 'echo heard' HUP; touch /ready; while true; do sleep 0.1; done");
        await Eventually.HoldsAsync(async () => (await Docker.RunAsync("exec", name, "test", "-e", "/ready")).ExitCode == 0);
        (await Daemon[client].RunAsync("kill", "-s", "HUP", name)).Succeeded();
        await Eventually.HoldsAsync(async () => (await Docker.RunAsync("logs", name)).Text == "heard");
        (await Daemon[client].RunAsync("kill", name)).Succeeded();
        Assert.Equal("137", await Daemon[client].TextAsync("wait", name));
        (await Daemon[client].RunAsync("kill", name)).FailedSaying("is not running");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_wait_prints_the_exit_code(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sh", "-c", "sleep 0.5; exit 11");
        Assert.Equal("11", await Daemon[client].TextAsync("wait", name));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_renamed_container_has_its_new_name_only(string client)
    {
        var name = await RunningAsync();
        var other = Name("renamed");
        (await Daemon[client].RunAsync("rename", name, other)).Succeeded();
        Assert.Equal($"/{other}", await Docker.TextAsync("inspect", "-f", "{{.Name}}", other));
        (await Docker.RunAsync("inspect", name)).FailedSaying("no such");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Top_lists_the_container_s_processes(string client)
    {
        var name = await RunningAsync();
        var lines = (await Daemon[client].RunAsync("top", name)).Succeeded().Lines;
        Assert.Contains("PID", lines[0]);
        Assert.Single(lines[1..]);
        Assert.Contains("sleep 1000", lines[1]);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Stats_tell_memory_and_processes(string client)
    {
        var name = await RunningAsync("-m", "64m");
        var line = await Daemon[client].TextAsync("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}} {{.MemUsage}}", name);
        Assert.StartsWith($"{name} 1 ", line);
        Assert.EndsWith("64MiB", line);
    }

    [Fact]
    public async Task Limits_can_be_changed_while_it_runs()
    {
        var name = await RunningAsync("-m", "64m", "--memory-swap", "64m");
        await Docker.TextAsync("update", "-m", "32m", "--memory-swap", "32m", "--pids-limit", "9", "--restart", "always", name);
        Assert.Equal("33554432 9 always", await Docker.TextAsync("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}", name));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Ps_lists_what_runs_and_with_a_what_has_ended(string client)
    {
        var running = await RunningAsync("--label", "shown=yes");
        var ended = Name();
        (await Docker.RunAsync("run", "--name", ended, "--label", "shown=yes", "busybox", "true")).Succeeded();
        async Task<string[]> Names(params string[] flags) => (await Daemon[client].RunAsync(["ps", "--format", "{{.Names}}", .. flags])).Succeeded().Lines;
        Assert.Contains(running, await Names());
        Assert.DoesNotContain(ended, await Names());
        Assert.Contains(ended, await Names("-a"));
        Assert.Equal([ended], await Names("-a", "--filter", $"name={ended}"));
        Assert.DoesNotContain(running, await Names("-a", "--filter", "status=exited"));
        var table = (await Daemon[client].RunAsync("ps", "-a", "--filter", $"name={ended}")).Succeeded().Lines;
        Assert.Matches(@"^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$", table[0]);
        Assert.Matches($@"^[0-9a-f]{{12}} +busybox +""true"" +.* ago +Exited \(0\) .* ago +{ended}$", table[1]);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_id_may_be_cut_short_and_an_unknown_one_is_named(string client)
    {
        var name = await RunningAsync();
        var id = await Docker.TextAsync("inspect", "-f", "{{.Id}}", name);
        Assert.Equal($"/{name}", await Daemon[client].TextAsync("inspect", "-f", "{{.Name}}", id[..12]));
        (await Daemon[client].RunAsync("inspect", "nosuchthing")).EndedWith(1).FailedSaying("nosuchthing");
    }

    [Fact]
    public async Task A_container_that_is_killed_while_it_is_probed_has_ended_for_everybody()
    {
        var names = Enumerable.Range(0, 24).Select(_ => Name()).ToList();
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (name, _) =>
        {
            await Docker.TextAsync("run", "-d", "--name", name, "--health-cmd", "true", "--health-interval", "20ms", "busybox", "sleep", "1000");
            await Task.Delay(Random.Shared.Next(100, 400), CancellationToken.None);
            await Docker.TextAsync("kill", name);
            Assert.Equal("exited 137", await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name));
        });
    }
}

namespace Yun.Tests.EndToEnd;

public sealed class RunTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task The_command_s_output_is_the_client_s(string client) =>
        Assert.Equal("hello", await Daemon[client].TextAsync("run", "--rm", "busybox", "echo", "hello"));

    [Theory, MemberData(nameof(Clients))]
    public async Task Standard_output_and_standard_error_stay_apart(string client)
    {
        var result = (await Daemon[client].RunAsync("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2")).Succeeded();
        Assert.Equal("out\n", result.Output);
        Assert.Equal("err\n", result.Error);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_detached_run_prints_the_whole_id(string client)
    {
        var id = await Daemon[client].TextAsync("run", "-d", "--name", Name(), "busybox", "sleep", "1000");
        Assert.Matches("^[0-9a-f]{64}$", id);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Environment_workdir_user_and_entrypoint_are_as_asked(string client)
    {
        var files = Folder(("env", "FROM_FILE=1\n# not this\nPASSED\n"));
        var command = Daemon[client].Command("run", "--rm", "-e", "A=b c", "--env-file", files["env"], "-w", "/some/where", "-u", "1234:5678", "--entrypoint", "sh",
            "busybox", "-c", "echo $A; echo $FROM_FILE; echo $PASSED; pwd; id -u; id -g; echo $HOSTNAME | wc -c");
        command.Environment["PASSED"] = "through";
        Assert.Equal(["b c", "1", "through", "/some/where", "1234", "5678", "13"], (await command.RunAsync()).Succeeded().Lines);
    }

    [Fact]
    public async Task A_user_s_name_is_looked_up_in_the_image() =>
        Assert.Equal(["1", "1"], (await Docker.RunAsync("run", "--rm", "-u", "daemon", "busybox", "sh", "-c", "id -u; id -g")).Succeeded().Lines);

    [Fact]
    public async Task An_unknown_user_is_named_in_the_error() =>
        (await Docker.RunAsync("run", "--rm", "-u", "nosuchuser", "busybox", "true")).EndedWith(125).FailedSaying("nosuchuser");

    [Theory, MemberData(nameof(Clients))]
    public async Task Host_name_hosts_and_name_servers_are_as_asked(string client)
    {
        var result = (await Daemon[client].RunAsync("run", "--rm", "--hostname", "boat", "--domainname", "sea.test", "--add-host", "isle:10.9.8.7", "--dns", "10.1.1.1",
            "busybox", "sh", "-c", "hostname; cat /etc/hostname /etc/hosts /etc/resolv.conf")).Succeeded();
        Assert.Equal("boat", result.Lines[0]);
        Assert.Contains("10.9.8.7\tisle", result.Output);
        Assert.Contains("nameserver 10.1.1.1", result.Output);
        Assert.Matches(@"\bboat\.sea\.test\b", result.Output);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_root_asked_to_be_read_only_is(string client)
    {
        var result = await Daemon[client].RunAsync("run", "--rm", "--read-only", "--tmpfs", "/scratch:size=1m", "busybox", "sh", "-c", "echo x > /scratch/x && cat /scratch/x; echo y > /y");
        result.EndedWith(1);
        Assert.Equal("x", result.Text);
        Assert.Contains("Read-only file system", result.Error);
    }

    [Fact]
    public async Task Capabilities_are_Docker_s_and_can_be_added_and_dropped()
    {
        async Task<string> Effective(params string[] flags) => await Docker.TextAsync(["run", "--rm", .. flags, "busybox", "sh", "-c", "grep CapEff /proc/self/status | cut -f 2"]);
        Assert.Equal("00000000a80425fb", await Effective());
        Assert.Equal("00000000a80435fb", await Effective("--cap-add", "NET_ADMIN"));
        Assert.Equal("0000000000000000", await Effective("--cap-drop", "ALL"));
        Assert.Equal("0000000000000400", await Effective("--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE"));
    }

    [Fact]
    public async Task A_privileged_container_has_all_capabilities_and_devices()
    {
        var own = (await new Command("sh", "-c", "grep CapBnd /proc/self/status | cut -f 2").RunAsync()).Text;
        var lines = (await Docker.RunAsync("run", "--rm", "--privileged", "busybox", "sh", "-c", "grep CapEff /proc/self/status | cut -f 2; ls /dev | wc -l; grep -c Seccomp:.2 /proc/self/status")).Lines;
        Assert.Equal(own, lines[0]);
        Assert.True(int.Parse(lines[1]) > 20, "the host's devices are missing");
        Assert.Equal("0", lines[2]);
    }

    [Fact]
    public async Task Seccomp_filters_unless_it_is_turned_off()
    {
        Assert.Equal("Seccomp:\t2", await Docker.TextAsync("run", "--rm", "busybox", "grep", "Seccomp:", "/proc/self/status"));
        Assert.Equal("Seccomp:\t0", await Docker.TextAsync("run", "--rm", "--security-opt", "seccomp=unconfined", "busybox", "grep", "Seccomp:", "/proc/self/status"));
        Assert.Equal("NoNewPrivs:\t1", await Docker.TextAsync("run", "--rm", "--security-opt", "no-new-privileges", "busybox", "grep", "NoNewPrivs", "/proc/self/status"));
    }

    [Fact]
    public async Task Masked_and_read_only_paths_are_Docker_s()
    {
        var result = (await Docker.RunAsync("run", "--rm", "busybox", "sh", "-c",
            "for f in /proc/kcore /proc/keys /proc/timer_list; do [ ! -e $f ] || wc -c < $f; done; ls -A /proc/acpi /sys/firmware 2>/dev/null | grep -v : | grep -c .; echo x > /proc/sys/kernel/domainname")).EndedWith(1);
        Assert.All(result.Lines, line => Assert.Equal("0", line));
        Assert.Contains("Read-only file system", result.Error);
    }

    [Fact]
    public async Task Limits_arrive_in_the_cgroup()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "-m", "64m", "--memory-swap", "96m", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0", "--pids-limit", "77", "busybox", "sleep", "1000");
        var id = await Docker.TextAsync("inspect", "-f", "{{.Id}}", name);
        string? Value(params string[] files) =>
            files.SelectMany(file => Directory.GetFiles("/sys/fs/cgroup", file, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 5, AttributesToSkip = FileAttributes.None }))
                .Where(path => path.Contains(id, StringComparison.Ordinal)).Select(path => File.ReadAllText(path).Trim()).FirstOrDefault();
        Assert.Equal("67108864", Value("memory.limit_in_bytes", "memory.max"));
        Assert.Equal("77", Value("pids.max"));
        Assert.Equal("0", Value("cpuset.cpus"));
        Assert.Contains(Value("cpu.cfs_quota_us", "cpu.max"), new[] { "50000", "50000 100000" });
        if (Value("cpu.shares") is { } shares)
            Assert.Equal("512", shares);
        if (Value("memory.memsw.limit_in_bytes") is { } swap)
            Assert.Equal("100663296", swap);
    }

    [Fact]
    public async Task A_container_beyond_its_memory_is_killed_and_says_so()
    {
        var name = Name();
        (await Docker.RunAsync("run", "--name", name, "-m", "16m", "--memory-swap", "16m", "busybox", "sh", "-c", "x=x; while true; do x=$x$x; done")).EndedWith(137);
        Assert.Equal("true 137", await Docker.TextAsync("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", name));
    }

    [Fact]
    public async Task Ulimits_sysctls_groups_and_shared_memory_are_as_asked()
    {
        var lines = (await Docker.RunAsync("run", "--rm", "--ulimit", "nofile=321:654", "--sysctl", "net.ipv4.ip_unprivileged_port_start=1000", "--group-add", "4321", "--shm-size", "8m",
            "--oom-score-adj", "123", "busybox", "sh", "-c",
            "ulimit -Sn; ulimit -Hn; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; id -G; df -k /dev/shm | tail -n 1 | awk '{print $2}'; cat /proc/self/oom_score_adj")).Succeeded().Lines;
        Assert.Equal(["321", "654", "1000"], lines[..3]);
        Assert.Contains("4321", lines[3].Split(' '));
        Assert.Equal(["8192", "123"], lines[4..]);
    }

    [Fact]
    public async Task Namespaces_can_be_the_host_s()
    {
        string Own(string name) => new FileInfo($"/proc/self/ns/{name}").LinkTarget!;
        var shared = (await Docker.RunAsync("run", "--rm", "--pid", "host", "--uts", "host", "--ipc", "host", "--network", "host", "--cgroupns", "host", "busybox",
            "sh", "-c", "for n in pid uts ipc net cgroup; do readlink /proc/self/ns/$n; done")).Succeeded().Lines;
        Assert.Equal(new[] { "pid", "uts", "ipc", "net", "cgroup" }.Select(Own), shared);
        // Beside v1 hierarchies Docker shares the host's cgroup namespace unless asked.
        var apart = (await Docker.RunAsync("run", "--rm", "--cgroupns", "private", "busybox", "sh", "-c", "for n in mnt pid uts ipc net cgroup; do readlink /proc/self/ns/$n; done")).Succeeded().Lines;
        Assert.Empty(apart.Intersect(shared));
    }

    [Fact]
    public async Task A_container_can_join_another_s_namespaces()
    {
        var first = Name();
        await Docker.TextAsync("run", "-d", "--name", first, "--ipc", "shareable", "busybox", "sleep", "1000");
        var mine = (await Docker.RunAsync("exec", first, "sh", "-c", "for n in pid ipc net; do readlink /proc/self/ns/$n; done")).Succeeded().Lines;
        var joined = (await Docker.RunAsync("run", "--rm", "--pid", $"container:{first}", "--ipc", $"container:{first}", "--network", $"container:{first}", "busybox",
            "sh", "-c", "for n in pid ipc net; do readlink /proc/self/ns/$n; done")).Succeeded().Lines;
        Assert.Equal(mine, joined);
    }

    [Fact]
    public async Task With_an_init_orphans_are_reaped_and_signals_passed_on()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--init", "--name", name, "busybox", "sleep", "1000");
        Assert.Contains("init", await Docker.TextAsync("exec", name, "sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline"));
        await Docker.TextAsync("kill", "-s", "TERM", name);
        Assert.Equal("143", await Docker.TextAsync("wait", name));
    }

    [Fact]
    public async Task A_device_that_is_given_can_be_used()
    {
        Assert.Equal("character special file", await Docker.TextAsync("run", "--rm", "--device", "/dev/kmsg:/dev/messages:r", "busybox", "stat", "-c", "%F", "/dev/messages"));
        var result = await Docker.RunAsync("run", "--rm", "--device", "/dev/kmsg:/dev/messages:r", "busybox", "sh", "-c", "echo x > /dev/messages");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("not permitted", result.Error);
    }

    [Fact]
    public async Task Fewer_descriptors_than_a_start_needs_are_enough_for_the_container()
    {
        Assert.Equal(["16", "20"], (await Docker.RunAsync("run", "--rm", "--ulimit", "nofile=16:20", "busybox", "sh", "-c", "ulimit -Sn; ulimit -Hn")).Succeeded().Lines);
        Assert.Equal(["1024", "8192"], (await Docker.RunAsync("run", "--rm", "--ulimit", "nofile=1024:8192", "busybox", "sh", "-c", "ulimit -Sn; ulimit -Hn")).Succeeded().Lines);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_container_run_with_rm_is_gone_after_its_end(string client)
    {
        var name = Name();
        (await Daemon[client].RunAsync("run", "--rm", "--name", name, "busybox", "false")).EndedWith(1);
        (await Docker.RunAsync("inspect", name)).EndedWith(1).FailedSaying("no such");
    }

    [Fact]
    public async Task A_name_in_use_is_refused_and_nothing_is_made()
    {
        var name = Name();
        await Docker.TextAsync("create", "--name", name, "busybox");
        (await Docker.RunAsync("run", "--name", name, "busybox", "true")).EndedWith(125).FailedSaying("is already in use by container");
        Assert.Single((await Docker.RunAsync("ps", "-aq", "--filter", $"name={name}")).Lines);
    }

    [Fact]
    public async Task A_failing_container_is_started_again_as_its_policy_says()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--restart", "on-failure:2", "--name", name, "busybox", "sh", "-c", "echo once; exit 3");
        await Eventually.HoldsAsync(async () => await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", name) == "exited 2");
        Assert.Equal(["once", "once", "once"], (await Docker.RunAsync("logs", name)).Lines);
    }

    [Fact]
    public async Task An_unhealthy_container_is_restarted_or_stopped_if_its_label_says_so()
    {
        var (restarted, stopped) = (Name(), Name());
        foreach (var (name, action) in new[] { (restarted, "restart"), (stopped, "stop") })
            await Docker.TextAsync("run", "-d", "--name", name, "--label", $"yun.health-on-failure={action}", "--stop-timeout", "0", "--health-cmd", "test ! -e /sick", "--health-interval", "1s", "--health-retries", "2", "busybox",
                "sh", "-c", "rm -f /sick; test -e /again || touch /again /sick; exec sleep 1000");
        await Eventually.HoldsAsync(async () => await StateAsync(stopped) == "exited unhealthy");
        // Sick in its first run only.
        await Eventually.HoldsAsync(async () => await StateAsync(restarted) == "running healthy");
        (await Docker.RunAsync("run", "--rm", "--label", "yun.health-on-failure=pray", "busybox", "true")).EndedWith(125).FailedSaying("it must be none, restart or stop");

        Task<string> StateAsync(string name) => Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.State.Health.Status}}", name);
    }

    [Fact]
    public async Task Health_is_checked()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "--health-cmd", "test -e /well", "--health-interval", "1s", "--health-retries", "1", "busybox", "sleep", "1000");
        Assert.Contains(await Health(), new[] { "starting", "unhealthy" });
        await Eventually.HoldsAsync(async () => await Health() == "unhealthy");
        await Docker.TextAsync("exec", name, "touch", "/well");
        await Eventually.HoldsAsync(async () => await Health() == "healthy");

        Task<string> Health() => Docker.TextAsync("inspect", "-f", "{{.State.Health.Status}}", name);
    }

    [Fact]
    public async Task Labels_and_stop_settings_are_recorded()
    {
        var name = Name();
        await Docker.TextAsync("create", "--name", name, "--label", "a=b", "--stop-signal", "USR1", "--stop-timeout", "3", "busybox");
        Assert.Equal("b USR1 3", await Docker.TextAsync("inspect", "-f", "{{.Config.Labels.a}} {{.Config.StopSignal}} {{.Config.StopTimeout}}", name));
    }

    [Fact]
    public async Task An_image_for_another_platform_is_refused() =>
        (await Docker.RunAsync("run", "--rm", "--pull", "never", "--platform", "linux/s390x", "busybox", "true")).EndedWith(125);
}

namespace Yun.Tests.EndToEnd.Escapes;

/// <summary>Words of requests and images that would mean more than they may.</summary>
public sealed class InjectionTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory]
    [InlineData("hostname", "--hostname", "a\nb"), InlineData("domainname", "--domainname", "a\rb"), InlineData("extra host", "--add-host", "x\n1.2.3.4 evil:1.2.3.4"), InlineData("DNS option", "--dns-option", "x\nnameserver 6.6.6.6")]
    public async Task CVE_2022_4318_and_CVE_2026_23953_one_line_does_not_become_two(string what, string flag, string value)
    {
        var name = Name();
        (await Docker.RunAsync("create", "--name", name, flag, value, "busybox")).FailedSaying($"invalid {what}: it holds a control character");
        (await Docker.RunAsync("inspect", name)).FailedSaying("No such object");
    }

    [Theory]
    [InlineData("net.ipv4.ip_forward=1+net.ipv4.conf.all.forwarding=1", "invalid argument"), InlineData("net.core.somaxconn=1\nkernel.core_pattern=x", "more than one line")]
    [InlineData("net.ipv4.ip_forward=1", "not allowed in host network namespace", "--network", "host"), InlineData("kernel.shmmax=1000", "not allowed in host ipc namespace", "--ipc", "host")]
    public async Task CVE_2022_0811_a_kernel_parameter_is_one_and_the_container_s_own(string parameter, string error, params string[] flags)
    {
        string[] files = ["/proc/sys/kernel/core_pattern", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shmmax"];
        var before = files.Select(File.ReadAllText).ToList();
        (await Docker.RunAsync(["run", "--rm", "--sysctl", parameter, .. flags, "busybox", "true"])).FailedSaying(error);
        Assert.Equal(before, files.Select(File.ReadAllText));
    }

    [Fact]
    public async Task CVE_2020_15257_nothing_of_ours_listens_where_only_a_network_namespace_is_between()
    {
        await Docker.TextAsync("run", "-d", "--name", Name(), "busybox", "sleep", "1000");
        var ours = new Leftovers(Daemon).Processes();
        Assert.True(ours.Count >= 2);
        var sockets = ours.SelectMany(Descriptors).Where(link => link.StartsWith("socket:[", StringComparison.Ordinal)).Select(link => link[8..^1]).ToHashSet();
        Assert.NotEmpty(sockets);
        // proc_net_unix: the inode is the seventh word, the path the eighth, with @ for the abstract ones.
        Assert.DoesNotContain(File.ReadAllLines("/proc/net/unix"), line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, _, _, _, var inode, ['@', ..]] && sockets.Contains(inode));
        foreach (var socket in (string[])[Daemon.Socket, Path.Combine(Daemon.ExecRoot, "keeper.sock")])
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(socket) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute));
    }

    [Fact]
    public async Task CVE_2026_53488_and_CVE_2014_6408_labels_of_an_image_ask_for_nothing()
    {
        var (plain, image, labelled) = (Name(), Name("labels"), Name());
        string[] labels = ["HostConfig={\"Privileged\":true}", "Privileged=true", "SecurityOpt=seccomp=unconfined", "Runtime=vm", "io.podman.annotations.privileged=TRUE", "io.containerd.runtime=binary:///bin/sh", "com.docker.security=unconfined", "log=binary:///bin/sh"];
        await Docker.TextAsync(["import", "-c", "CMD [\"sleep\", \"1000\"]", .. labels.SelectMany(label => (string[])["-c", $"LABEL {label.Split('=', 2)[0]}='{label.Split('=', 2)[1]}'"]), TestTools.BusyboxRoot, image]);
        await Docker.TextAsync("create", "--name", plain, "busybox", "sleep", "1000");
        await Docker.TextAsync("create", "--name", labelled, image);
        Assert.Equal(await Docker.TextAsync("inspect", "-f", "{{json .HostConfig}}", plain), await Docker.TextAsync("inspect", "-f", "{{json .HostConfig}}", labelled));
        Assert.Equal("2", await Docker.TextAsync("run", "--rm", image, "sh", "-c", "grep ^Seccomp: /proc/self/status | cut -f 2"));
        await Docker.TextAsync("rm", labelled);
        await Docker.TextAsync("rmi", "-f", image);
    }

    [Fact]
    public async Task CVE_2020_8694_and_CVE_2018_10892_what_tells_of_the_machine_s_hardware_is_hidden()
    {
        const string script = """
            for f in /proc/interrupts /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats; do [ -e $f ] && cat $f | wc -c; done
            for d in /proc/acpi /proc/scsi /proc/asound /sys/firmware /sys/devices/virtual/powercap /sys/devices/system/cpu/cpu0/thermal_throttle; do [ -d $d ] && ls -A $d | wc -l; (echo x >$d/x) 2>/dev/null && echo wrote; done
            echo end
            """;
        Assert.Matches(@"\A(0\n)*end\z", await Docker.TextAsync("run", "--rm", "busybox", "sh", "-c", script));
    }

    private static IEnumerable<string> Descriptors(int pid)
    {
        try { return [.. Directory.GetFiles($"/proc/{pid}/fd").Select(file => new FileInfo(file).LinkTarget).OfType<string>()]; }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { return []; }
    }
}

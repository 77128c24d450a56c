using System.Globalization;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Tests.EndToEnd.Profiles;

/// <summary>The rows of docs/hardening.md, each seen from inside a container that was asked for with <c>--security-opt profile=strict</c>.</summary>
public sealed class StrictProfileTests(DaemonFixture fixture, Probe probe) : EndToEndTest(fixture), IClassFixture<Probe>
{
    private static readonly string[] s_strict = ["--network", "none", "--security-opt", "profile=strict"];

    private async Task<string[]> RunAsync(string script, params string[] options) => (await Docker.RunAsync(["run", "--rm", .. s_strict, .. options, "busybox", "sh", "-c", script])).Succeeded().Lines;

    private static string Mask(IEnumerable<string> names) => Capabilities.MaskOf(names, _ => { }).ToString("x16", CultureInfo.InvariantCulture);

    [Theory, MemberData(nameof(Clients))]
    public async Task It_has_ten_capabilities_none_of_them_inheritable_and_cannot_gain_any(string client)
    {
        const string script = "grep -E 'Cap|NoNewPrivs' /proc/self/status | cut -f2";
        var (ten, none) = (Mask(StrictProfile.Capabilities), Mask([]));
        Assert.Equal([none, ten, ten, ten, none, "1"], (await Daemon[client].RunAsync(["run", "--rm", .. s_strict, "busybox", "sh", "-c", script])).Succeeded().Lines);
        Assert.Equal([none, none, none, ten, none, "1"], await RunAsync(script, "--user", "1000"));
        var changed = Mask([.. StrictProfile.Capabilities.Except(["CAP_CHOWN"]), "CAP_NET_RAW"]);
        Assert.Equal([none, changed, changed, changed, none, "0"], await RunAsync(script, "--cap-add", "NET_RAW", "--cap-drop", "CHOWN", "--security-opt", "no-new-privileges=false"));
    }

    [Fact]
    public async Task A_program_that_is_setuid_root_gives_nothing() =>
        Assert.Equal(["1000"], await RunAsync("cp /bin/busybox /tmp/id; chmod 4755 /tmp/id; exec su -s /bin/sh user -c '/tmp/id -u'", UserFile()));

    private string UserFile() => $"--volume={Folder(("passwd", "root:x:0:0:root:/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n"))["passwd"]}:/etc/passwd:ro";

    [Fact]
    public async Task Calls_are_refused_or_end_the_process_as_documented()
    {
        var answers = await probe.AnswersAsync(Docker, s_strict);
        // One number each of kexec_load, init_module, delete_module, bpf, finit_module, kexec_file_load; and all of x32.
        foreach (var number in (int[])[246, 175, 176, 321, 313, 320]) Assert.Equal("SIGSYS", answers[$"call {number}"]);
        Assert.All(answers.Where(a => a.Key.StartsWith("x32", StringComparison.Ordinal)), a => Assert.Equal("SIGSYS", a.Value));
        // mount, unshare, setns, add_key, perf_event_open, userfaultfd, io_uring_setup, open_by_handle_at, process_vm_readv, mount_setattr.
        foreach (var number in (int[])[165, 272, 308, 248, 298, 323, 425, 304, 310, 442]) Assert.Equal("EPERM", answers[$"call {number}"]);
        // clone3, and what nobody has heard of yet.
        foreach (var number in (int[])[435, 470]) Assert.Equal("ENOSYS", answers[$"call {number}"]);
        for (var bit = 0; bit < 32; bit++)
            if (answers.TryGetValue($"clone {1UL << bit}", out var answer)) Assert.Equal((0x7e020000UL >> bit & 1) != 0 ? "EPERM" : "EINVAL", answer);
        // The last has the low half of the first, and more the kernel does not look at.
        Assert.Equal(["0", "8", "4294967295", "4294967296"], answers.Where(a => a.Key.StartsWith("personality", StringComparison.Ordinal) && a.Value == "done" && a.Key.Length < 23).Select(a => a.Key.Split(' ')[1]).OrderBy(long.Parse));
    }

    [Fact]
    public async Task Sockets_are_of_five_families_at_most_by_any_call()
    {
        var answers = await probe.AnswersAsync(Docker, s_strict);
        // The probe's type is none, which the kernel refuses with EINVAL before it looks at the family; its netlink protocol is not route.
        var allowed = answers.Where(a => a.Key.StartsWith("socket", StringComparison.Ordinal) && a.Value != "EAFNOSUPPORT").Select(a => a.Key.Split(' ')[1]).ToList();
        Assert.Equal(["1", "2", "10"], allowed.OrderBy(long.Parse));
        // Where the machine has int 0x80 turned off, nothing gets as far as the filter.
        if (answers["x86 call 102"] != "SIGSEGV") Assert.Equal("EAFNOSUPPORT", answers["x86 call 102"]);
        Assert.Equal(["lo:"], await RunAsync("ip link | grep -o 'lo:'"));
    }

    [Fact]
    public async Task It_cannot_make_devices_and_uses_those_it_has()
    {
        Assert.Equal(["fifo", "null", "tty"], await RunAsync("cd /tmp; mknod null c 1 3 2>/dev/null && echo made; mknod disk b 8 0 2>/dev/null && echo made; mkfifo f && echo fifo; echo x >/dev/null && echo null; [ -c /dev/tty ] && echo tty"));
        Assert.Equal(["made"], await RunAsync("mknod /tmp/null c 1 3 && echo made", "--cap-add", "MKNOD", "--userns", "host"));
        Assert.Equal(["rw,nosuid,noexec"], await RunAsync("awk '$5 == \"/dev\" { print $6 }' /proc/self/mountinfo"));
    }

    [Fact]
    public async Task What_tells_of_the_machine_is_hidden_and_other_users_processes_too()
    {
        var script = string.Join("; ", StrictProfile.MaskedPaths.Select(p => $"[ -z \"$(ls -A {p} 2>/dev/null | grep -v '^{p}$')\" ] && [ -z \"$(head -c 1 {p} 2>/dev/null)\" ] || echo {p}"));
        Assert.Empty(await RunAsync(script));
        Assert.Equal(["no"], await RunAsync("su -s /bin/sh user -c '[ -e /proc/1/status ] && echo yes || echo no'; true", UserFile()));
        Assert.Empty(await RunAsync("for p in /proc/sys/kernel/domainname /proc/sysrq-trigger /proc/irq/default_smp_affinity; do (true >>$p) 2>/dev/null && echo $p; done; mount -o remount,rw /proc/sys 2>/dev/null && echo remounted; true"));
    }

    [Fact]
    public async Task Its_namespaces_are_its_own_those_of_cgroups_and_time_too()
    {
        var facts = await probe.FactsAsync(Docker, s_strict);
        Assert.Equal(["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "user", "uts"], facts.Where(f => f.StartsWith("namespace", StringComparison.Ordinal) && f.EndsWith("its own", StringComparison.Ordinal)).Select(f => f.Split(' ')[1]));
        Assert.All(facts.Where(f => f.StartsWith("cgroup ", StringComparison.Ordinal)), f => Assert.EndsWith(":/", f));
    }

    [Fact]
    public async Task Its_limits_are_shown_by_inspect_hold_inside_and_yield_to_what_was_asked()
    {
        var name = Name();
        await Docker.TextAsync(["run", "-d", "--name", name, .. s_strict, "busybox", "sleep", "1000"]);
        Assert.Equal("4096 private [profile=strict no-new-privileges]", await Docker.TextAsync("inspect", "--format", "{{.HostConfig.PidsLimit}} {{.HostConfig.CgroupnsMode}} {{.HostConfig.SecurityOpt}}", name));
        Assert.Contains("core", await Docker.TextAsync("inspect", "--format", "{{range .HostConfig.Ulimits}}{{.Name}} {{end}}", name), StringComparison.Ordinal);
        var inside = (await Docker.RunAsync("exec", name, "sh", "-c", "ulimit -c; ulimit -n; ulimit -l; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status | cut -f2")).Lines;
        Assert.Equal(["0", "1024"], inside[..2]);
        Assert.NotEqual("unlimited", inside[2]);
        Assert.Equal(["4096", Mask(StrictProfile.Capabilities), "1", "2"], inside[3..]);
        Assert.Equal(["20", "100"], await RunAsync("ulimit -n; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true", "--ulimit", "nofile=20:20", "--pids-limit", "100"));
    }

    [Fact]
    public async Task What_cannot_be_together_is_refused()
    {
        (await Docker.RunAsync("run", "--rm", "--privileged", "--security-opt", "profile=strict", "busybox", "true")).EndedWith(125).FailedSaying("a privileged container cannot have the security profile strict");
        (await Docker.RunAsync("run", "--rm", "--security-opt", "profile=lax", "busybox", "true")).EndedWith(125).FailedSaying("There is no security profile 'lax'; there are docker and strict.");
        Assert.Equal(["0"], await RunAsync("grep Seccomp: /proc/self/status | cut -f2", "--security-opt", "seccomp=unconfined"));
    }
}

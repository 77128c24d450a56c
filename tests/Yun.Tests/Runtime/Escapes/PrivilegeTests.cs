using Yun.Oci;
using Yun.Runtime;

namespace Yun.Tests.Runtime.Escapes;

/// <summary>Rights that a container must not have or keep.</summary>
public sealed class PrivilegeTests : IDisposable
{
    private readonly BusyboxBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    private string Run(string script, Action<RuntimeSpec>? change = null)
    {
        var spec = _bundle.Spec("sh", "-c", script);
        change?.Invoke(spec);
        return _bundle.Run(spec).Output;
    }

    private static void Give(RuntimeSpec spec, params string[] capabilities) =>
        spec.Process!.Capabilities = new SpecCapabilities { Bounding = [.. capabilities], Effective = [.. capabilities], Permitted = [.. capabilities] };

    [Theory, InlineData(0u), InlineData(1000u)]
    public void CVE_2022_29162_no_capability_is_inheritable_or_ambient(uint uid) =>
        Assert.Equal("CapInh: 0000000000000000\nCapAmb: 0000000000000000\n", Run("grep -E 'Cap(Inh|Amb)' /proc/self/status | tr '\\t' ' '", spec => spec.Process!.User.Uid = uid));

    [Fact]
    public void CVE_2018_10856_whoever_is_not_root_has_no_capability() =>
        Assert.Equal("CapPrm: 0000000000000000\nCapEff: 0000000000000000\n", Run("grep -E 'Cap(Prm|Eff)' /proc/self/status | tr '\\t' ' '", spec => spec.Process!.User.Uid = 1000));

    [Fact]
    public void GHSA_g54h_m393_cpwq_a_device_that_no_rule_names_cannot_be_opened()
    {
        const string Script = "cd /dev; mknod disk b 7 0; mknod mem c 1 1; mknod fuse c 10 229; for d in disk mem fuse; do (exec 3<$d) 2>&1 | grep -o 'Operation not permitted'; done; echo x >null && echo null";
        const string Refused = "Operation not permitted\nOperation not permitted\nOperation not permitted\nnull\n";
        foreach (var rules in (List<SpecDeviceRule>?[])[null, [], [new() { Allow = false, Access = "rwm" }], [new() { Allow = true, Type = "c", Major = 1, Minor = 9, Access = "r" }]])
            Assert.Equal(Refused, Run(Script, spec =>
            {
                Give(spec, "CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_SYS_RAWIO");
                spec.Linux!.Resources!.Devices = rules;
            }));
    }

    [Fact]
    public void CVE_2022_0492_and_CVE_2023_25809_cgroups_can_be_seen_and_not_changed()
    {
        const string Script = "for f in $(find /sys/fs/cgroup -name release_agent -o -name notify_on_release -o -name cgroup.procs -o -name devices.allow); do (echo x >$f) 2>/dev/null && echo wrote $f; done; for d in $(find /sys/fs/cgroup -type d); do mkdir $d/x 2>/dev/null && echo made $d/x; done; mount -o remount,rw /sys/fs/cgroup 2>/dev/null && echo remounted; ls /sys/fs/cgroup | wc -l";
        foreach (var ownNamespace in (bool[])[true, false])
        {
            var output = Run(Script, spec =>
            {
                Give(spec, "CAP_DAC_OVERRIDE", "CAP_CHOWN");
                if (!ownNamespace) spec.Linux!.Namespaces!.RemoveAll(n => n.Type == "cgroup");
            });
            Assert.Matches("^[1-9][0-9]*\n$", output);
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public void CVE_2025_47291_limits_hold_with_a_user_namespace_and_without(bool withUser)
    {
        File.SetUnixFileMode(_bundle.Folder, (UnixFileMode)0x1ed);
        var output = Run("for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; cat /proc/self/cgroup | wc -l", spec =>
        {
            if (withUser) Namespaces.WithUser(spec);
            spec.Linux!.Resources!.Pids = new() { Limit = 4 };
        });
        Assert.Contains("can't fork", output);
    }

    [Fact]
    public void CVE_2015_3630_what_procfs_hides_or_protects_stays_so()
    {
        var output = Run("for f in kcore keys timer_list sched_debug latency_stats; do cat /proc/$f 2>/dev/null; done; for f in sys/kernel/core_pattern sysrq-trigger irq/default_smp_affinity; do (echo 1 >/proc/$f) 2>/dev/null && echo wrote $f; done; echo end", spec => Give(spec, "CAP_DAC_OVERRIDE"));
        Assert.Equal("end\n", output);
    }
}

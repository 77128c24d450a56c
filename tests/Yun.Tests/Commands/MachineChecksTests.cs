using Yun.Commands.Doctor;
using Yun.Linux;

namespace Yun.Tests.Commands;

public sealed class MachineChecksTests
{
    private static readonly MachineFacts s_sound = new()
    {
        KernelRelease = "6.12.1", Kernel = new Version(6, 12, 1), IsRoot = true, HasSysAdmin = true,
        Cgroups = new CgroupFacts("v2", ["cpu", "cpuset", "io", "memory", "pids"]), Firewall = new FirewallFacts(null, []), ForwardsPackets = true,
        DataRoot = new DataRootFacts("/var/lib/yun", "ext4", new FileSystemRoom(100_000_000_000, 50_000_000_000, 1_000_000, 900_000), true, null),
        ClockIsSynchronized = true, Daemon = new DaemonFacts("unix:///run/yun.sock", "1.0.0", null, false), KeeperSocket = "/run/yun/keeper.sock", KeeperListens = true,
        Units = [new UnitFacts("yun.service", "loaded", "active", "enabled")], MissingPrograms = [], CanUseKvm = true,
    };

    private static DataRootFacts Root(ulong freeBytes, ulong files, ulong freeFiles) => s_sound.DataRoot with { Room = new FileSystemRoom(100_000_000_000, freeBytes, files, freeFiles) };

    public static TheoryData<string, MachineFacts, Verdict, string> Faults() => new()
    {
        { "kernel", s_sound with { Kernel = new Version(5, 10), KernelRelease = "5.10.0-9-amd64" }, Verdict.Error, "5.14" },
        { "rights", s_sound with { IsRoot = false, HasSysAdmin = false, Firewall = null }, Verdict.Warning, "sudo yun doctor" },
        { "rights", s_sound with { HasSysAdmin = false }, Verdict.Error, "CAP_SYS_ADMIN" },
        { "cgroups", s_sound with { Cgroups = new CgroupFacts(null, []) }, Verdict.Error, "mount -t cgroup2" },
        { "cgroups", s_sound with { Cgroups = new CgroupFacts("v2", ["cpu", "cpuset", "pids"]) }, Verdict.Warning, "without memory" },
        { "firewall", s_sound with { Firewall = new FirewallFacts("libnftables.so.1 is not installed", []) }, Verdict.Error, "libnftables" },
        { "firewall", s_sound with { Firewall = new FirewallFacts(null, ["The firewall chain inet mine forward drops what is forwarded."]) }, Verdict.Warning, "inet mine forward" },
        { "forwarding", s_sound with { ForwardsPackets = false }, Verdict.Warning, "sysctl" },
        { "space", s_sound with { DataRoot = Root(1_500_000_000, 1_000_000, 900_000) }, Verdict.Warning, "yun system prune" },
        { "space", s_sound with { DataRoot = Root(50_000_000, 1_000_000, 900_000) }, Verdict.Error, "50MB of 100GB" },
        { "inodes", s_sound with { DataRoot = Root(50_000_000_000, 1_000_000, 900) }, Verdict.Error, "900 of 1000000" },
        { "overlay", s_sound with { DataRoot = s_sound.DataRoot with { FileSystem = "nfs", OverlayFailure = "overlay: upper fs does not support xattr" } }, Verdict.Error, "cannot be on nfs" },
        { "clock", s_sound with { ClockIsSynchronized = false }, Verdict.Warning, "timedatectl" },
        { "daemon", s_sound with { Daemon = new DaemonFacts("unix:///run/yun.sock", null, "Cannot connect", false) }, Verdict.Error, "systemctl start yun" },
        { "daemon", s_sound with { Daemon = new DaemonFacts("unix:///run/yun.sock", null, "permission denied", true) }, Verdict.Error, "sudo" },
        { "keeper", s_sound with { KeeperListens = false }, Verdict.Warning, "/run/yun/keeper.sock" },
        { "systemd", s_sound with { Units = [new UnitFacts("yun.service", "loaded", "failed", "enabled")] }, Verdict.Error, "journalctl -u yun.service" },
        { "systemd", s_sound with { Units = [new UnitFacts("yun.socket", "loaded", "inactive", "disabled")] }, Verdict.Warning, "systemctl enable --now yun.socket" },
        { "systemd", s_sound with { Units = [new UnitFacts("yun.socket", "not-found", "inactive", "")] }, Verdict.Warning, "make install" },
        { "programs", s_sound with { MissingPrograms = [OptionalProgram.All[0]] }, Verdict.Warning, "e2fsprogs" },
        { "kvm", s_sound with { CanUseKvm = false }, Verdict.Warning, "/dev/kvm" },
    };

    [Fact]
    public void A_sound_machine_has_nothing_to_be_done() => Assert.All(MachineChecks.Of(s_sound), finding => Assert.Equal((Verdict.Ok, null), (finding.Verdict, finding.Advice)));

    [Theory, MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void A_fault_is_found_by_its_check_alone_and_says_what_to_do(string check, MachineFacts facts, Verdict verdict, string said)
    {
        var finding = Assert.Single(MachineChecks.Of(facts), finding => finding.Verdict != Verdict.Ok);
        Assert.Equal((check, verdict), (finding.Check, finding.Verdict));
        Assert.Contains(said, finding.Found + finding.Advice);
    }

    [Fact]
    public void A_file_system_that_makes_inodes_as_needed_is_not_short_of_them() =>
        Assert.All(MachineChecks.Of(s_sound with { DataRoot = Root(50_000_000_000, 0, 0) }), finding => Assert.Equal(Verdict.Ok, finding.Verdict));

    [Fact]
    public void Where_the_daemon_is_down_the_keeper_still_has_its_containers() =>
        Assert.Contains(MachineChecks.Of(s_sound with { Daemon = new DaemonFacts("unix:///run/yun.sock", null, "Cannot connect", false) }), finding => finding is { Check: "keeper", Verdict: Verdict.Ok, Found: "running: containers go on without the daemon" });

    [Fact]
    public void Units_are_read_from_what_systemctl_shows() =>
        Assert.Equal([new UnitFacts("yun.socket", "loaded", "active", "enabled"), new UnitFacts("yun.service", "not-found", "inactive", "")],
            SystemdUnits.Parse("Id=yun.socket\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\nId=yun.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n"));
}

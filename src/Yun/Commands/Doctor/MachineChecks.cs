using Yun.Commands.Format;

namespace Yun.Commands.Doctor;

/// <summary>What the facts mean for Yun, and what to do about them.</summary>
public static class MachineChecks
{
    private static readonly Version s_oldestKernel = new(5, 14), s_layersOneByOne = new(6, 8);
    private static readonly string[] s_controllers = ["cpu", "cpuset", "memory", "pids"];
    private const ulong BytesMin = 100_000_000, BytesWanted = 2_000_000_000, FilesMin = 1_000, FilesWanted = 50_000;

    public static IEnumerable<Finding> Of(MachineFacts facts) =>
    [
        Daemon(facts.Daemon), Keeper(facts), .. ServiceChecks.Of(facts.Units), Rights(facts), Kernel(facts), Cgroups(facts.Cgroups), .. Firewall(facts.Firewall),
        .. Forwarding(facts), Room(facts.DataRoot), Files(facts.DataRoot), .. Overlay(facts.DataRoot), Clock(facts), .. ProgramChecks.Of(facts),
    ];

    public static Finding Daemon(DaemonFacts daemon) =>
        daemon.Answers ? Finding.Ok("daemon", $"version {daemon.Version} answers at {daemon.Address}")
        : daemon.IsDenied ? Finding.Error("daemon", daemon.Failure!, "use sudo, or join the group of its socket (usermod -aG docker USER)")
        : Finding.Error("daemon", daemon.Failure!, "start it: systemctl start yun, or sudo yun daemon; another address is given by --host or DOCKER_HOST");

    private static Finding Keeper(MachineFacts facts) => (facts.KeeperListens, facts.Daemon.Answers) switch
    {
        (true, true) => Finding.Ok("keeper", "running"),
        (true, false) => Finding.Ok("keeper", "running: containers go on without the daemon"),
        (false, true) => Finding.Warning("keeper", $"the daemon answers, but no keeper listens at {facts.KeeperSocket}", "name the daemon's exec root by --exec-root; if it is that one, see its keeper.log, and restart the daemon"),
        (false, false) => Finding.Ok("keeper", "not running; it starts with the daemon"),
    };

    private static Finding Rights(MachineFacts facts) =>
        !facts.IsRoot ? Finding.Warning("rights", "not root: firewalls and the overlay file system were not looked at", "run sudo yun doctor")
        : facts.HasSysAdmin ? Finding.Ok("rights", "root with CAP_SYS_ADMIN")
        : Finding.Error("rights", "root without CAP_SYS_ADMIN, as in a container: nothing can be mounted", "run Yun on the machine itself, or give this container its rights (--privileged)");

    private static Finding Kernel(MachineFacts facts) =>
        facts.Kernel < s_oldestKernel ? Finding.Error("kernel", $"Linux {facts.KernelRelease}", $"Yun needs {s_oldestKernel} or newer: install a newer kernel and reboot")
        : Finding.Ok("kernel", $"Linux {facts.KernelRelease}" + (facts.Kernel < s_layersOneByOne ? $"; from {s_layersOneByOne} on layers are mounted one by one, here all at once" : ""));

    private static Finding Cgroups(CgroupFacts cgroups)
    {
        if (cgroups.Layout is null) return Finding.Error("cgroups", "none are mounted", "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
        var found = $"{cgroups.Layout} with {string.Join(", ", cgroups.Controllers)}";
        var missing = s_controllers.Except(cgroups.Controllers).ToList();
        return missing.Count == 0 ? Finding.Ok("cgroups", found)
            : Finding.Warning("cgroups", $"{found}; without {string.Join(", ", missing)}", "limits of these cannot be set: start the kernel with cgroup_enable=NAME, or allow them in the cgroup that holds this machine");
    }

    private static IEnumerable<Finding> Firewall(FirewallFacts? firewall) =>
        firewall is null ? []
        : firewall.Failure is { } failure ? [Finding.Error("firewall", failure.ReplaceLineEndings(" "), "bridge networks need libnftables and a kernel with nf_tables (modprobe nf_tables)")]
        : firewall.Obstacles.Count == 0 ? [Finding.Ok("firewall", "nftables; nothing drops what containers send")]
        : firewall.Obstacles.Select(obstacle => Finding.Warning("firewall", obstacle.TrimEnd('.'), "accept there what comes from and goes to yun's bridges"));

    private static IEnumerable<Finding> Forwarding(MachineFacts facts) => facts switch
    {
        { ForwardsPackets: null } => [],
        { ForwardsPackets: true } => [Finding.Ok("forwarding", "IPv4 packets are forwarded")],
        { Daemon.Answers: true } => [Finding.Warning("forwarding", "IPv4 packets are not forwarded, so containers on bridges reach no other machine", "sysctl -w net.ipv4.ip_forward=1, and look for what switches it off")],
        _ => [Finding.Ok("forwarding", "off; the daemon turns it on")],
    };

    private static Finding Room(DataRootFacts root)
    {
        var found = $"{HumanSize.Decimal(root.Room.FreeBytes)} of {HumanSize.Decimal(root.Room.Bytes)} free for {root.Path} ({root.FileSystem})";
        return Enough("space", found, root.Room.FreeBytes, BytesMin, BytesWanted, "yun system df tells what is used, yun system prune removes what is not");
    }

    private static Finding Files(DataRootFacts root) =>
        root.Room.Files == 0 ? Finding.Ok("inodes", $"made as needed ({root.FileSystem})")
        : Enough("inodes", $"{root.Room.FreeFiles} of {root.Room.Files} free for {root.Path}", root.Room.FreeFiles, FilesMin, FilesWanted, "remove images with many files, or use a file system with more inodes (mkfs.ext4 -N)");

    private static Finding Enough(string check, string found, ulong free, ulong min, ulong wanted, string advice) =>
        free < min ? Finding.Error(check, found, advice) : free < wanted ? Finding.Warning(check, found, advice) : Finding.Ok(check, found);

    private static IEnumerable<Finding> Overlay(DataRootFacts root) =>
        !root.OverlayWasTried ? []
        : root.OverlayFailure is null ? [Finding.Ok("overlay", $"containers' changes can be on {root.FileSystem}")]
        : [Finding.Error("overlay", $"containers' changes cannot be on {root.FileSystem}: {root.OverlayFailure}", "use a data root on ext4, xfs or btrfs (yun daemon --data-root)")];

    private static Finding Clock(MachineFacts facts) =>
        facts.ClockIsSynchronized ? Finding.Ok("clock", "synchronised")
        : Finding.Warning("clock", "nothing keeps it synchronised; certificates and tokens fail when it is wrong", "timedatectl set-ntp true, or install chrony");
}

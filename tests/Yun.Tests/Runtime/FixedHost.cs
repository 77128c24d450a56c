using Yun.Linux.Cgroups;
using Yun.Runtime.Compile;

namespace Yun.Tests.Runtime;

/// <summary>A machine that is the same everywhere, for plans that must be.</summary>
internal sealed class FixedHost : IHostView
{
    private static readonly string[] s_hybrid =
    [
        "35 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
        "36 30 0:32 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices",
        "37 30 0:33 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer",
        "38 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
    ];

    private static readonly string[] s_unified = ["38 30 0:37 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw"];
    private static readonly HashSet<string> s_directories = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/acpi", "/proc/scsi", "/sys/firmware", "/data"];
    private static readonly HashSet<string> s_files = ["/proc/sysrq-trigger", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/etc/resolv.conf"];

    public bool IsUnified { get; init; }
    public CgroupLayout Cgroups => CgroupLayout.Parse(IsUnified ? s_unified : s_hybrid, _ => IsUnified ? ["cpu", "cpuset", "io", "memory", "pids"] : []);
    public int OomScoreAdjustment => 0;
    public ulong IgnoredSignals => 1UL << 12;
    public ulong BoundingCapabilities => 0x1ffffffffff;
    public ulong PermittedCapabilities => 0x1ffffffffff;
    public int CapabilityCount => 41;
    public uint UserId => 0;
    public bool IsInUserNamespace => false;

    public HostEntry EntryAt(string path) => s_directories.Contains(path) ? HostEntry.Directory : s_files.Contains(path) ? HostEntry.File : HostEntry.Absent;

    public HostEntry EntryAtNow(string path) => EntryAt(path);
}

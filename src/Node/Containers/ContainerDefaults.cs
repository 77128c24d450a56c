using Yun.Linux.Cgroups;

namespace Yun.Node.Containers;

/// <summary>What Docker gives a container that does not say; filled in when it is created, so that <c>inspect</c> shows it (HARDENING.md, column Docker).</summary>
public static class ContainerDefaults
{
    public const long ShmSizeBytes = 64 * 1024 * 1024;
    public const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    public const string Runtime = "yun";

    public static IReadOnlyList<string> MaskedPaths { get; } =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
        "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", .. ThermalThrottles(),
    ];

    public static IReadOnlyList<string> ReadonlyPaths { get; } = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];


    public static void Fill(HostConfig host)
    {
        host.LogConfig ??= new LogConfig();
        if (host.LogConfig.Type.Length == 0) host.LogConfig.Type = "json-file";
        host.LogConfig.Config ??= [];
        host.NetworkMode = host.NetworkMode is null or "" or "default" ? "bridge" : host.NetworkMode;
        host.IpcMode = host.IpcMode is null or "" ? "private" : host.IpcMode;
        // Where v1 hierarchies are mounted Docker shares the host's cgroup namespace, and with v2 alone it makes one.
        host.CgroupnsMode = host.CgroupnsMode is null or "" ? CgroupLayout.Machine.IsUnifiedOnly && !host.Privileged ? "private" : "host" : host.CgroupnsMode;
        host.RestartPolicy ??= new RestartPolicy();
        if (string.IsNullOrEmpty(host.RestartPolicy.Name)) host.RestartPolicy.Name = "no";
        if (host.ShmSize == 0) host.ShmSize = ShmSizeBytes;
        if (host.Runtime is null or "") host.Runtime = Runtime;
        if (host.Memory > 0 && host.MemorySwap == 0) host.MemorySwap = host.Memory * 2;
        if (host.OomKillDisable is null && !CgroupLayout.Machine.IsUnifiedOnly) host.OomKillDisable = false;
        if (host.Privileged) return;
        host.MaskedPaths ??= [.. MaskedPaths];
        host.ReadonlyPaths ??= [.. ReadonlyPaths];
    }

    // A container could learn from the counters what runs beside it.
    private static IEnumerable<string> ThermalThrottles() =>
        Directory.Exists("/sys/devices/system/cpu")
            ? Directory.EnumerateDirectories("/sys/devices/system/cpu", "cpu*").Select(cpu => cpu + "/thermal_throttle").Where(Directory.Exists).Order(StringComparer.Ordinal)
            : [];
}

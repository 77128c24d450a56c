using Yun.Linux.Cgroups;
using Yun.Node.Containers.Spec;

namespace Yun.Node.Containers;

/// <summary>What Docker, or the strict profile, gives a container that does not say; filled in when it is created, so that <c>inspect</c> shows it (HARDENING.md, column Docker).</summary>
public static class ContainerDefaults
{
    public const long ShmSizeBytes = 64 * 1024 * 1024;
    public const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    public const string Runtime = "yun";
    /// <summary>The runtime that runs an image in a virtual machine.</summary>
    public const string MachineRuntime = "vm";

    public static IReadOnlyList<string> MaskedPaths { get; } =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
        "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", .. ThermalThrottles(),
    ];

    public static IReadOnlyList<string> ReadonlyPaths { get; } = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    public static void Fill(HostConfig host, ContainerPolicy policy)
    {
        FillLog(host, policy.Log);
        host.Init ??= policy.Init ? true : null;
        if (policy.CgroupParent is { } parent && host.CgroupParent is null or "") host.CgroupParent = parent;
        foreach (var limit in policy.Ulimits)
            if (host.Ulimits?.Exists(own => own.Name == limit.Name) != true) (host.Ulimits ??= []).Add(limit);
        SecurityProfile.Fill(host, policy.Profile);
        FillSecurity(host, policy);
        host.NetworkMode = host.NetworkMode is null or "" or "default" ? "bridge" : host.NetworkMode;
        host.IpcMode = host.IpcMode is null or "" ? policy.IpcMode : host.IpcMode;
        // Where v1 hierarchies are mounted Docker shares the host's cgroup namespace, and with v2 alone it makes one.
        host.CgroupnsMode = host.CgroupnsMode is null or "" ? policy.CgroupnsMode ?? (CgroupLayout.Machine.IsUnifiedOnly && !host.Privileged ? "private" : "host") : host.CgroupnsMode;
        host.RestartPolicy ??= new RestartPolicy();
        if (string.IsNullOrEmpty(host.RestartPolicy.Name)) host.RestartPolicy.Name = "no";
        if (host.ShmSize == 0) host.ShmSize = policy.ShmSizeBytes;
        if (host.Runtime is null or "") host.Runtime = Runtime;
        if (host.Memory > 0 && host.MemorySwap == 0) host.MemorySwap = host.Memory * 2;
        if (host.OomKillDisable is null && !CgroupLayout.Machine.IsUnifiedOnly) host.OomKillDisable = false;
        if (host.Privileged) return;
        host.MaskedPaths ??= [.. MaskedPaths];
        host.ReadonlyPaths ??= [.. ReadonlyPaths];
    }

    private static void FillLog(HostConfig host, LogConfig policy)
    {
        host.LogConfig ??= new LogConfig();
        if (host.LogConfig.Type.Length == 0) host.LogConfig.Type = policy.Type;
        host.LogConfig.Config ??= [];
        if (host.LogConfig.Type != policy.Type) return;
        foreach (var (name, value) in policy.Config ?? []) host.LogConfig.Config.TryAdd(name, value);
    }

    // As options of the container's own, so that inspect shows them.
    private static void FillSecurity(HostConfig host, ContainerPolicy policy)
    {
        var said = host.SecurityOpt ?? [];
        if (policy.NoNewPrivileges && !said.Exists(option => option.StartsWith("no-new-privileges", StringComparison.Ordinal))) host.SecurityOpt = [.. said, "no-new-privileges"];
        if (policy.SeccompProfile is { } profile && !host.Privileged && !said.Exists(option => option.StartsWith("seccomp", StringComparison.Ordinal))) host.SecurityOpt = [.. host.SecurityOpt ?? [], $"seccomp={profile}"];
    }

    // A container could learn from the counters what runs beside it.
    private static IEnumerable<string> ThermalThrottles() =>
        Directory.Exists("/sys/devices/system/cpu")
            ? Directory.EnumerateDirectories("/sys/devices/system/cpu", "cpu*").Select(cpu => cpu + "/thermal_throttle").Where(Directory.Exists).Order(StringComparer.Ordinal)
            : [];
}

namespace Yun.Oci;

/// <summary>The values of the <c>strict</c> profile (docs/hardening.md); its filter is <see cref="Seccomp.StrictSeccomp"/>.</summary>
public static class StrictProfile
{
    public const int PidsLimit = 4096;
    public const ulong OpenFilesSoft = 1024, OpenFilesHard = 524_288, LockedMemory = 64 * 1024 * 1024;

    /// <summary>How many ids a container has, and where they come from: above what systemd-nspawn and useradd(8) give out, and below what systemd keeps for files of elsewhere (systemd, UIDS-GIDS).</summary>
    public const uint UserIds = 65536, UserIdsStart = 0x7000_0000, UserIdsCount = 0x0FFE_0000;

    /// <summary>What root in a container needs to serve, to become another user and to install packages: Docker's without MKNOD, NET_RAW, AUDIT_WRITE and SETFCAP.</summary>
    public static IReadOnlyList<string> Capabilities { get; } =
        ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT"];

    /// <summary>Beyond Docker's: what tells of the machine's hardware, its memory and its kernel's addresses.</summary>
    public static IReadOnlyList<string> MaskedPaths { get; } =
    [
        "/proc/acpi", "/proc/asound", "/proc/config.gz", "/proc/interrupts", "/proc/kallsyms", "/proc/kcore", "/proc/keys", "/proc/kmsg", "/proc/kpagecgroup", "/proc/kpagecount", "/proc/kpageflags",
        "/proc/latency_stats", "/proc/pagetypeinfo", "/proc/sched_debug", "/proc/scsi", "/proc/slabinfo", "/proc/swaps", "/proc/timer_list", "/proc/timer_stats", "/proc/vmallocinfo",
        "/sys/class/dmi", "/sys/class/powercap", "/sys/devices/virtual/dmi", "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux",
        "/sys/kernel/debug", "/sys/kernel/notes", "/sys/kernel/security", "/sys/kernel/tracing", "/sys/kernel/vmcoreinfo",
    ];
}

using System.Numerics;

namespace Yun.Linux;

/// <summary>Capabilities by name (capabilities(7)); a set is a bit mask, bit n for capability n.</summary>
public static class Capabilities
{
    private static readonly string[] s_names =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
        "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE",
        "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
        "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
        "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>Every name this program knows, in the kernel's order.</summary>
    public static IReadOnlyList<string> Names => s_names;

    /// <summary>The number of a capability named as in <c>CAP_CHOWN</c>, or -1.</summary>
    public static int NumberOf(string name) => Array.IndexOf(s_names, name);

    /// <summary>The mask of some names; a name that is not a capability is given to <paramref name="unknown"/>.</summary>
    public static ulong MaskOf(IEnumerable<string>? names, Action<string> unknown)
    {
        var mask = 0UL;
        foreach (var name in names ?? [])
        {
            var number = NumberOf(name);
            if (number < 0) unknown(name);
            else mask |= 1UL << number;
        }
        return mask;
    }

    /// <summary>The calling process's bounding set: what a container can be given at most.</summary>
    public static ulong Bounding() => Read("CapBnd:");

    /// <summary>The calling process's permitted set.</summary>
    public static ulong Permitted() => Read("CapPrm:");

    /// <summary>One more than the highest capability the kernel knows.</summary>
    public static int KernelCount { get; } = ReadKernelCount();

    private static ulong Read(string field)
    {
        foreach (var line in KernelFile.Read("/proc/self/status").Split('\n'))
            if (line.StartsWith(field, StringComparison.Ordinal)) return Convert.ToUInt64(line[field.Length..].Trim(), 16);
        return 0;
    }

    private static int ReadKernelCount()
    {
        return KernelFile.TryRead("/proc/sys/kernel/cap_last_cap") is { } last ? int.Parse(last) + 1 : BitOperations.PopCount(Bounding());
    }
}

using System.Globalization;
using Yun.Linux;
using Yun.Linux.Cgroups;

namespace Yun.Guest.Init;

/// <summary>
/// What of the machine's memory the container's programs may have: all but a reserve for the kernel and this process. Whoever wants more than there is, is ended as in a container,
/// alone. Without that the whole machine would be short of it, and its kernel, which sees what it has ended give back nothing yet, would end the next and the next.
/// </summary>
internal static class GuestMemory
{
    /// <summary>Where the container's programs are.</summary>
    public const string CgroupPath = "/container";

    private const string Hierarchy = "/sys/fs/cgroup";
    // What streams, requests for files and the kernel's own tables take at one time, and a part of what there is, since the tables grow with it.
    private const long ReserveMin = 4L << 20, ReserveShare = 32;

    private static readonly Lock s_asking = new();
    private static Cgroup? s_cgroup;
    private static ulong s_told;

    /// <summary>Once, when all but the container's programs is there.</summary>
    /// <returns>Whether the container has a cgroup, which a kernel that cannot limit memory has not.</returns>
    public static bool Limit()
    {
        if (TryLimit()) return true;
        KeepWorkingSet();
        return false;
    }

    private static bool TryLimit()
    {
        try
        {
            using var mount = MountTree.New("cgroup2", []);
            MountTree.Attach(mount, Hierarchy);
        }
        catch (SyscallException error) when (error.Errno is Errno.ENODEV or Errno.ENOENT or Errno.EINVAL) { return false; }
        var cgroup = Cgroup.At(CgroupPath);
        cgroup.Create();
        if (cgroup.DirectoryOf("memory") is not { } directory) return false;
        var memory = MemoryInfo.Read();
        long Of(string name) => memory.Bytes(name) ?? throw new FormatException($"/proc/meminfo does not say {name}");
        // Of its own caches the kernel counts as available what it does not give back in time.
        var free = Of("MemAvailable") - Of("KReclaimable");
        var limit = Math.Max(free / 2, free - Math.Max(ReserveMin, Of("MemTotal") / ReserveShare));
        KernelFile.Write($"{directory}/memory.max", limit.ToString(CultureInfo.InvariantCulture));
        s_cgroup = cgroup;
        return true;
    }

    /// <summary>How many programs the kernel has ended for want of memory since this was asked last.</summary>
    public static int TakeKills()
    {
        if (s_cgroup is null) return 0;
        lock (s_asking)
        {
            var kills = CgroupReader.OomKills(s_cgroup);
            (var more, s_told) = (kills - s_told, kills);
            return (int)Math.Min(more, int.MaxValue);
        }
    }

    /// <summary>
    /// A guest without swap that runs out of memory reads its programs from the disk again and again instead of ending one. What was used in the last second stays
    /// (Documentation/admin-guide/mm/multigen_lru.rst), so that the kernel sees that there is no more. It then ends programs while there still is some, and more than one: so not beside a limit.
    /// </summary>
    private static void KeepWorkingSet()
    {
        const string folder = "/sys/kernel/mm/lru_gen";
        if (!Files.Exists($"{folder}/enabled")) return;
        KernelFile.Write($"{folder}/enabled", "y");
        KernelFile.Write($"{folder}/min_ttl_ms", "1000");
    }
}

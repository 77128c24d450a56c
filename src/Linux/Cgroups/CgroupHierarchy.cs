namespace Yun.Linux.Cgroups;

/// <summary>One mounted cgroup hierarchy.</summary>
/// <param name="MountPoint">Where it is mounted, such as <c>/sys/fs/cgroup/cpu,cpuacct</c>.</param>
/// <param name="Controllers">The v1 controllers bound to it; for a named one <c>name=systemd</c>; for v2 what <c>cgroup.controllers</c> says.</param>
/// <param name="IsUnified">Whether it is the v2 hierarchy.</param>
public sealed record CgroupHierarchy(string MountPoint, IReadOnlyList<string> Controllers, bool IsUnified)
{
    /// <summary>The last part of the mount point, as containers see it below <c>/sys/fs/cgroup</c>.</summary>
    public string Name => Path.GetFileName(MountPoint);

    /// <summary>
    /// The file by which a process of one thread joins, writing 0. In v1 it is <c>tasks</c>, which moves the writer alone: before it heeds <c>cgroup.procs</c> the kernel holds
    /// up all forks and exits of the machine, and waits 5 to 15 ms for that (cgroup_procs_write_start in kernel/cgroup/cgroup.c).
    /// </summary>
    public string JoinFile => IsUnified ? "cgroup.procs" : "tasks";

    public bool Has(string controller)
    {
        foreach (var one in Controllers)
            if (one == controller) return true;
        return false;
    }
}

/// <summary>How this machine's cgroups are mounted: v2 alone, v1 alone, or v1 beside v2 (hybrid).</summary>
public sealed class CgroupLayout
{
    private static readonly Lazy<CgroupLayout> s_machine = new(() => Parse(KernelFile.Read("/proc/self/mountinfo").Split('\n'), ReadUnifiedControllers));

    private readonly List<CgroupHierarchy> _hierarchies;

    private CgroupLayout(List<CgroupHierarchy> hierarchies) => _hierarchies = hierarchies;

    /// <summary>Read once; hierarchies do not come and go while a machine runs.</summary>
    public static CgroupLayout Machine => s_machine.Value;

    public IReadOnlyList<CgroupHierarchy> Hierarchies => _hierarchies;

    /// <summary>The v2 hierarchy, if it is mounted, with controllers or without.</summary>
    public CgroupHierarchy? Unified => _hierarchies.Find(h => h.IsUnified);

    /// <summary>Whether v2 is all there is.</summary>
    public bool IsUnifiedOnly => _hierarchies is [{ IsUnified: true }];

    /// <summary>The hierarchy that a controller is bound to, or null when the kernel has none.</summary>
    public CgroupHierarchy? Of(string controller) => _hierarchies.Find(h => h.Has(controller));

    /// <param name="mountinfo">Lines of proc_pid_mountinfo(5).</param>
    /// <param name="unifiedControllers">Reads the controllers of the v2 hierarchy at a mount point.</param>
    public static CgroupLayout Parse(IEnumerable<string> mountinfo, Func<string, IReadOnlyList<string>> unifiedControllers)
    {
        var hierarchies = new List<CgroupHierarchy>();
        var seen = new HashSet<string>();
        foreach (var line in mountinfo)
        {
            var separator = line.IndexOf(" - cgroup", StringComparison.Ordinal);
            if (separator < 0) continue;
            var mountPoint = line.Split(' ', 6)[4];
            if (hierarchies.Exists(h => h.MountPoint == mountPoint)) continue;
            var tail = line[(separator + 3)..].Split(' ');
            if (tail[0] is not ("cgroup" or "cgroup2")) continue;
            var isUnified = tail[0] == "cgroup2";
            var controllers = isUnified ? unifiedControllers(mountPoint) : Array.FindAll(tail[^1].Split(','), o => o is not ("rw" or "ro" or "xattr" or "noprefix" or "clone_children"));
            // The same hierarchy may be mounted twice; the first place is the canonical one.
            if (seen.Add(isUnified ? "unified" : string.Join(',', controllers))) hierarchies.Add(new CgroupHierarchy(mountPoint, controllers, isUnified));
        }
        return new CgroupLayout(hierarchies);
    }

    private static string[] ReadUnifiedControllers(string mountPoint)
    {
        return KernelFile.TryRead(Path.Combine(mountPoint, "cgroup.controllers"))?.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? [];
    }
}

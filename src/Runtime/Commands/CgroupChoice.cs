using Yun.Linux;
using Yun.Linux.Cgroups;

namespace Yun.Runtime.Commands;

/// <summary><c>exec --cgroup</c>: cgroups below the container's own, one for all hierarchies or, with controllers before a colon, for theirs.</summary>
internal static class CgroupChoice
{
    /// <summary>The <c>cgroup.procs</c> of each hierarchy; null when nothing is asked for.</summary>
    public static IReadOnlyList<string>? Files(ContainerState state, List<string> asked)
    {
        if (asked.Count == 0) return null;
        var layout = CgroupLayout.Machine;
        var below = new Dictionary<CgroupHierarchy, string>();
        foreach (var one in asked)
        {
            var colon = one.IndexOf(':', StringComparison.Ordinal);
            var path = one[(colon + 1)..].Trim('/');
            if (Array.Exists(path.Split('/'), p => p is "." or "..")) throw new UsageException($"bad sub cgroup path: '{path}' (--cgroup)");
            if (colon < 0) foreach (var hierarchy in layout.Hierarchies) below[hierarchy] = path;
            else foreach (var controller in one[..colon].Split(',')) below[layout.Of(controller) ?? throw new UsageException($"unknown controller '{controller}' (--cgroup)")] = path;
        }
        var files = new List<string>();
        foreach (var hierarchy in layout.Hierarchies)
        {
            var folder = $"{hierarchy.MountPoint}{state.CgroupPath.TrimEnd('/')}/{below.GetValueOrDefault(hierarchy)}".TrimEnd('/');
            if (!Linux.Files.Exists(folder)) throw new UsageException($"error adding pid of the process to cgroups {folder}: {Errno.ENOENT.Describe()} (--cgroup)");
            files.Add($"{folder}/{hierarchy.JoinFile}");
        }
        return files;
    }
}

using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>The child is made in its v2 cgroup, by clone3 itself, and joins those of v1 by writing 0 to each <see cref="CgroupHierarchy.JoinFile"/> that the parent opened.</summary>
internal static class CgroupSteps
{
    /// <summary>The v2 cgroup for clone3 to make the child in; null when there is none.</summary>
    public static Argument? Born(CompileContext context) =>
        context.Input.Cgroup is { } cgroup && context.Host.Cgroups.Unified is { } unified
            ? context.Open($"cgroup {cgroup.Path}", () => PathDescriptor.Open(null, cgroup.DirectoryIn(unified), OpenFlags.Path | OpenFlags.Directory)) : null;

    public static unsafe void Join(CompileContext context)
    {
        if (context.Input.Cgroup is not { } cgroup) return;
        var zero = context.Program.Text("0");
        foreach (var hierarchy in context.Host.Cgroups.Hierarchies)
        {
            if (hierarchy.IsUnified) continue;
            var tasks = context.Open($"{hierarchy.Name} {hierarchy.JoinFile}", () => PathDescriptor.Open(null, $"{cgroup.DirectoryIn(hierarchy)}/{hierarchy.JoinFile}", OpenFlags.WriteOnly));
            context.Program.Add($"join the cgroup {cgroup.Path} of {hierarchy.Name}", Syscall.write, tasks, zero, 1);
        }
    }
}

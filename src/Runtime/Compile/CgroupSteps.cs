using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>The child joins its cgroups itself, by writing 0 to each <c>cgroup.procs</c> that the parent opened.</summary>
internal static class CgroupSteps
{
    public static unsafe void Join(CompileContext context)
    {
        if (context.Input.Cgroup is not { } cgroup) return;
        var zero = context.Program.Text("0");
        foreach (var hierarchy in context.Host.Cgroups.Hierarchies)
        {
            var processes = context.Open($"{hierarchy.Name} cgroup.procs", () => PathDescriptor.Open(null, cgroup.DirectoryIn(hierarchy) + "/cgroup.procs", OpenFlags.WriteOnly));
            context.Program.Add($"join the cgroup {cgroup.Path} of {hierarchy.Name}", Syscall.write, processes, zero, 1);
        }
    }
}

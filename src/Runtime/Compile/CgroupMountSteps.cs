using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>A mount of type <c>cgroup</c>: what the container sees at <c>/sys/fs/cgroup</c>, with v2 one file system, with v1 a tmpfs with a directory for each hierarchy.</summary>
internal static class CgroupMountSteps
{
    public static void Add(CompileContext context, string destination, MountOptions options)
    {
        var layout = context.Host.Cgroups;
        if (layout.IsUnifiedOnly)
        {
            Hierarchy(context, layout.Hierarchies[0], destination, options.Set | MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec);
            return;
        }
        var program = context.Program;
        var holder = program.Slot("cgroups");
        var outer = options.Set & ~MountAttributes.ReadOnly;
        MountSteps.NewDetached(context, "tmpfs", "tmpfs", [new("mode", "755"), new("size", "64k")], outer, holder, $"mount {destination}");
        MountSteps.Attach(context, destination, holder, directory: true, Resolve.NoMagicLinks, 0, 0);
        foreach (var hierarchy in layout.Hierarchies)
        {
            program.Add($"mount {destination}/{hierarchy.Name}", Syscall.mkdirat, holder, program.Text(hierarchy.Name), Argument.Flags(0x1ed, "0755"));
            Hierarchy(context, hierarchy, $"{destination}/{hierarchy.Name}", options.Set);
            // cpu,cpuacct is one hierarchy that programs look for under either name.
            if (hierarchy.Name.Contains(','))
                foreach (var alias in hierarchy.Name.Split(','))
                    program.Add($"link {alias} to {hierarchy.Name}", Syscall.symlinkat, program.Text(hierarchy.Name), holder, program.Text(alias)).Tolerate(Errno.EEXIST);
        }
        if (options.Set.HasFlag(MountAttributes.ReadOnly)) MountSteps.Change(context, holder, MountAttributes.ReadOnly, 0, recursive: false, $"make {destination} read-only");
    }

    private static void Hierarchy(CompileContext context, CgroupHierarchy hierarchy, string destination, MountAttributes attributes)
    {
        if (context.Makes("cgroup") || context.Input.Cgroup is not { } cgroup)
        {
            // The root of a cgroup namespace is what its hierarchies show, so no path of the host appears.
            var mount = context.Program.Slot($"cgroup {hierarchy.Name}");
            MountSteps.NewDetached(context, hierarchy.IsUnified ? "cgroup2" : "cgroup", "cgroup", hierarchy.IsUnified ? [] : Selection(hierarchy), attributes, mount, $"mount {destination}");
            MountSteps.Attach(context, destination, mount, directory: true, Resolve.NoMagicLinks, 0, 0);
        }
        else
        {
            var bound = context.Open($"cgroup {hierarchy.Name}", () => MountTree.Clone(cgroup.DirectoryIn(hierarchy), recursive: false));
            MountSteps.Attach(context, destination, bound, directory: true, Resolve.NoMagicLinks, attributes, 0);
        }
    }

    // A v1 hierarchy is told by its controllers, or by a name and that it has none.
    private static List<KeyValuePair<string, string?>> Selection(CgroupHierarchy hierarchy)
    {
        var data = new List<KeyValuePair<string, string?>>();
        foreach (var controller in hierarchy.Controllers)
            if (controller.StartsWith("name=", StringComparison.Ordinal)) data.AddRange([new("none", null), new("name", controller[5..])]);
            else data.Add(new(controller, null));
        return data;
    }
}

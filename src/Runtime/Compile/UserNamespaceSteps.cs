using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>
/// A container with a user namespace is made in two steps. A first child, still with our privileges, joins cgroups and what is given by path and
/// sets limits; it then clones the container's process, as our child, with all namespaces at once, so that they belong to the user namespace.
/// That process waits until the parent has written its id maps.
/// </summary>
internal static unsafe class UserNamespaceSteps
{
    private const int MapLinesMax = 340; // user_namespaces(7)

    /// <summary>Whether the container has a user namespace other than ours, made or joined.</summary>
    public static bool Wanted(CompileContext context) => context.Has("user");

    /// <summary>Ends the first child's part: what is added after this, the container's process does.</summary>
    public static void CloneProcess(CompileContext context, CloneFlags namespaces)
    {
        var program = context.Program;
        var record = (long*)program.Arena.Allocate(Report.Size);
        record[1] = LaunchReport.ProcessRecord;
        var clone = program.Add("make the container's process", Syscall.clone, Argument.Flags((long)(CloneFlags.Parent | namespaces) | 17, $"CLONE_PARENT|{namespaces}|SIGCHLD".Replace(", ", "|", StringComparison.Ordinal)))
            .Into(new Slot(record, "pid")).AtLeast(1).Tolerate(Errno.None);
        program.Add("tell its pid", Syscall.write, Argument.Descriptor(context.Input.ReportPipe, "report"), Argument.Memory(record, "$pid"), Report.Size);
        program.Add("leave", Syscall.exit_group);
        clone.SkipToHere(onSuccess: false, whenTolerated: true);
        StageSteps.WaitForParent(context, "wait for the id maps");
    }

    /// <summary>Becomes the user namespace's root, which owns what is made from here on, or, where the maps have none, the first they have: without an id nobody can make a file.</summary>
    public static void BecomeRoot(CompileContext context)
    {
        var (user, group) = (First(context.Linux.UidMappings), First(context.Linux.GidMappings));
        context.Program.Add("become the user namespace's root group", Syscall.setresgid, group, group, group).Tolerate(Errno.EINVAL);
        context.Program.Add("become the user namespace's root", Syscall.setresuid, user, user, user).Tolerate(Errno.EINVAL);
    }

    private static uint First(List<SpecIdMapping>? mappings) => mappings is { Count: > 0 } && !mappings.Exists(m => m.ContainerId == 0) ? mappings[0].ContainerId : 0;

    /// <summary>What an id of the namespace is on the host; null where it has no such id, or no maps are given.</summary>
    public static uint? OnHost(List<SpecIdMapping>? mappings, uint id) =>
        mappings?.Find(m => id >= m.ContainerId && id - m.ContainerId < m.Size) is { } mapping ? mapping.HostId + (id - mapping.ContainerId) : null;

    /// <summary>The text of uid_map or gid_map for a new user namespace.</summary>
    public static string MapText(List<SpecIdMapping>? mappings, string field)
    {
        if (mappings is not { Count: > 0 }) throw new SpecException(field, "is missing; a user namespace needs its ids mapped");
        if (mappings.Count > MapLinesMax) throw new SpecException(field, $"has {mappings.Count} ranges; the kernel takes {MapLinesMax}");
        var text = "";
        for (var i = 0; i < mappings.Count; i++)
        {
            var mapping = mappings[i];
            if (mapping.Size == 0) throw new SpecException($"{field}[{i}].size", "is 0");
            text += $"{mapping.ContainerId} {mapping.HostId} {mapping.Size}\n";
        }
        return text;
    }
}

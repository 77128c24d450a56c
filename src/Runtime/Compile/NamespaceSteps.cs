using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Namespaces: which the clone makes, which are joined by path, and the cgroup namespace, which must come after the cgroup was joined.</summary>
internal static class NamespaceSteps
{
    private static readonly (string Type, CloneFlags Flag)[] s_types =
    [
        ("user", CloneFlags.NewUser), ("pid", CloneFlags.NewPid), ("network", CloneFlags.NewNetwork), ("ipc", CloneFlags.NewIpc),
        ("uts", CloneFlags.NewUts), ("time", CloneFlags.NewTime), ("cgroup", CloneFlags.NewCgroup), ("mount", CloneFlags.NewMount),
    ];

    /// <summary>The namespaces that clone3 itself makes.</summary>
    public static CloneFlags Made(CompileContext context)
    {
        Check(context.Linux.Namespaces);
        var flags = CloneFlags.None;
        foreach (var (type, flag) in s_types)
            if (type != "cgroup" && context.Makes(type) && !(type == "network" && context.Input.NetworkNamespace >= 0)) flags |= flag;
        return flags;
    }

    public static void Join(CompileContext context)
    {
        if (context.Input.NetworkNamespace >= 0)
            context.Program.Add("join the network namespace", Syscall.setns, Argument.Descriptor(context.Input.NetworkNamespace, "network namespace"), (long)CloneFlags.NewNetwork);
        foreach (var (type, flag) in s_types)
        {
            if (context.Linux.Namespaces?.FirstOrDefault(n => n.Type == type) is not { Path: { Length: > 0 } path } || type == "pid") continue;
            if (type == "network" && context.Input.NetworkNamespace >= 0) continue;
            var descriptor = context.Open($"{type} namespace {path}", () => PathDescriptor.Open(null, path, OpenFlags.ReadOnly));
            context.Program.Add($"join the {type} namespace {path}", Syscall.setns, descriptor, (long)flag);
        }
    }

    public static void MakeCgroupNamespace(CompileContext context)
    {
        if (context.Makes("cgroup"))
            context.Program.Add("make the cgroup namespace", Syscall.unshare, Argument.Flags((long)CloneFlags.NewCgroup, "NEWCGROUP"));
    }

    /// <summary>The PID namespace to join, which the launching thread must do before it clones; null when there is none.</summary>
    public static string? PidNamespacePath(CompileContext context) => context.Linux.Namespaces?.FirstOrDefault(n => n.Type == "pid")?.Path is { Length: > 0 } path ? path : null;

    private static void Check(List<SpecNamespace>? namespaces)
    {
        var seen = new HashSet<string>();
        for (var i = 0; i < (namespaces?.Count ?? 0); i++)
        {
            var type = namespaces![i].Type;
            if (!s_types.Any(t => t.Type == type)) throw new SpecException($"linux.namespaces[{i}].type", $"'{type}' is not a namespace; it must be one of {string.Join(", ", s_types.Select(t => t.Type))}");
            if (!seen.Add(type)) throw new SpecException($"linux.namespaces[{i}].type", $"'{type}' is listed twice");
        }
    }
}

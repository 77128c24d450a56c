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
        Check(context);
        var flags = CloneFlags.None;
        foreach (var (type, flag) in s_types)
            if (type is not ("cgroup" or "time") && context.Makes(type) && !(type == "network" && context.Input.NetworkNamespace >= 0)) flags |= flag;
        return flags;
    }

    public static void Join(CompileContext context)
    {
        if (context.Input.NetworkNamespace >= 0)
            context.Program.Add("join the network namespace", Syscall.setns, Argument.Descriptor(context.Input.NetworkNamespace, "network namespace"), (long)CloneFlags.NewNetwork);
        var user = PathOf(context, "user") is { } userPath ? context.Input.OpensForReal ? NamespaceOwner.IdOf(userPath) : 0 : (ulong?)null;
        // What belongs to the user namespace can be joined only from inside it, anything else only from outside.
        foreach (var (type, flag) in s_types) if (type != "user" && !IsOwnedBy(user, context, type)) Join(context, type, flag);
        if (user is null) return;
        Join(context, "user", CloneFlags.NewUser);
        foreach (var (type, flag) in s_types) if (type != "user" && IsOwnedBy(user, context, type)) Join(context, type, flag);
    }

    private static string? PathOf(CompileContext context, string type) => context.Linux.Namespaces?.Find(n => n.Type == type)?.Path is { Length: > 0 } path ? path : null;

    private static bool IsOwnedBy(ulong? user, CompileContext context, string type) =>
        user is not null && PathOf(context, type) is { } path && (!context.Input.OpensForReal || NamespaceOwner.OwnerOf(path) == user);

    private static void Join(CompileContext context, string type, CloneFlags flag)
    {
        if (PathOf(context, type) is not { } path) return;
        // Which PID namespace a process is in is settled when it is cloned: by the first child where there is one, and else by us.
        if (type == "pid" && !context.InUserNamespace) return;
        if (type == "network" && context.Input.NetworkNamespace >= 0) return;
        var descriptor = context.Open($"{type} namespace {path}", () => PathDescriptor.Open(null, path, OpenFlags.ReadOnly));
        context.Program.Add($"join the {type} namespace {path}", Syscall.setns, descriptor, (long)flag);
    }

    /// <summary>Whether a process is in another namespace of a kind (proc_pid_ns(5)) than we are.</summary>
    public static bool Differs(int pid, string kind) => Files.Identity($"/proc/{pid}/ns/{kind}") != Files.Identity($"/proc/self/ns/{kind}");

    public static void MakeCgroupNamespace(CompileContext context)
    {
        if (context.Makes("cgroup"))
            context.Program.Add("make the cgroup namespace", Syscall.unshare, Argument.Flags((long)CloneFlags.NewCgroup, "NEWCGROUP"));
    }

    /// <summary>The PID namespace to join, which the launching thread must do before it clones; null when there is none, or a first child joins it: that tells a pid, which must be one of ours.</summary>
    public static string? PidNamespacePath(CompileContext context) => context.InUserNamespace ? null : context.Linux.Namespaces?.Find(n => n.Type == "pid")?.Path is { Length: > 0 } path ? path : null;

    private static void Check(CompileContext context)
    {
        var (namespaces, seen) = (context.Linux.Namespaces, new HashSet<string>());
        for (var i = 0; i < (namespaces?.Count ?? 0); i++)
        {
            var type = namespaces![i].Type;
            if (!Array.Exists(s_types, t => t.Type == type)) throw new SpecException($"linux.namespaces[{i}].type", $"'{type}' is not a namespace; it must be one of {string.Join(", ", Array.ConvertAll(s_types, t => t.Type))}");
            if (!seen.Add(type)) throw new SpecException($"linux.namespaces[{i}].type", $"'{type}' is listed twice");
            if (namespaces[i].Path is { Length: > 0 } path && context.Input.OpensForReal) CheckPath(path, type, $"linux.namespaces[{i}].path");
        }
    }

    private static void CheckPath(string path, string type, string field)
    {
        if (path[0] != '/') throw new SpecException(field, $"'{path}' is not an absolute path");
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.ReadOnly, out var opened);
        if (errno != Errno.None) throw new SpecException(field, $"'{path}': {errno.Describe()}");
        using (opened)
            if (NamespaceOwner.KindOf(opened!) is var kind && kind != Array.Find(s_types, t => t.Type == type).Flag) throw new SpecException(field, $"'{path}' is {(kind is null ? "no namespace" : $"not a {type} namespace")}");
    }
}

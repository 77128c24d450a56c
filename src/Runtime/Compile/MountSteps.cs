using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>The spec's mounts, in its order. Each is made detached, given its attributes, and then moved to where it belongs, by descriptor throughout.</summary>
internal static unsafe class MountSteps
{
    private const int EmptyPath = 0x1000, Recursive = 0x8000, FromEmptyToEmpty = 0x44;

    // What may be mounted below /proc without hiding what the masks and the security modules rely on (CVE-2019-16884).
    private static readonly HashSet<string> s_insideProc =
        ["/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg", "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled"];

    public static void Add(CompileContext context)
    {
        for (var i = 0; i < (context.Spec.Mounts?.Count ?? 0); i++) Add(context, context.Spec.Mounts![i], $"mounts[{i}]");
    }

    /// <summary>
    /// In a user namespace the kernel makes a new procfs or sysfs only for whoever sees a whole one, which after leaving the host's tree nobody
    /// does: these two are made before.
    /// </summary>
    public static void Prepare(CompileContext context)
    {
        for (var i = 0; i < (context.Spec.Mounts?.Count ?? 0); i++)
        {
            var mount = context.Spec.Mounts![i];
            if (context.CopiesInside) PrepareBind(context, mount, $"mounts[{i}]");
            if (mount.Type is not ("proc" or "sysfs") || context.Input.MountDescriptors.ContainsKey(mount.Destination)) continue;
            var options = MountOptions.Parse(mount.Options, $"mounts[{i}].options");
            if (options.IsBind) continue;
            var made = context.Program.Slot(mount.Type);
            context.Prepared.Add((mount, made));
            NewDetached(context, mount.Type, mount.Source, options.Data, options.Set, made, $"mount {mount.Destination}");
            if (mount.Type == "proc") context.Proc ??= made;
        }
        if (context.Proc is null && context.Linux.Sysctl is { Count: > 0 }) context.Proc = PrivateProc(context);
    }

    private static void PrepareBind(CompileContext context, SpecMount mount, string field)
    {
        var options = MountOptions.Parse(mount.Options, $"{field}.options");
        if (!options.IsBind && mount.Type != "bind" || mount.Source is not { Length: > 0 } named) return;
        var source = Path.GetFullPath(named, context.Input.Bundle);
        context.Copied[mount] = CopyInside(context, source, options.BindIsRecursive, PropagationOfCopy(options), $"copy the mount {source}");
    }

    /// <summary>Steps that copy a mount of the host's while it can still be seen.</summary>
    public static Slot CopyInside(CompileContext context, string source, bool recursive, MountPropagation propagation, string purpose)
    {
        const int clone = 1;
        var program = context.Program;
        var copy = program.Slot($"copy{program.Count}");
        program.Add(purpose, Syscall.open_tree, PathDescriptor.CurrentDirectory, program.Text(source), Argument.Flags(clone | OpenFlags.CloseOnExec | (recursive ? Recursive : 0), recursive ? "CLONE|CLOEXEC|AT_RECURSIVE" : "CLONE|CLOEXEC")).Into(copy);
        if (propagation != MountPropagation.Unchanged) Change(context, copy, 0, 0, recursive: true, purpose, propagation);
        return copy;
    }

    private static bool TryFindPrepared(CompileContext context, SpecMount mount, out Slot made)
    {
        foreach (var prepared in context.Prepared)
            if (ReferenceEquals(prepared.Mount, mount))
            {
                made = prepared.Made;
                return true;
            }
        made = default;
        return false;
    }

    /// <summary>A procfs that is mounted nowhere.</summary>
    public static Slot PrivateProc(CompileContext context)
    {
        var proc = context.Program.Slot("proc");
        NewDetached(context, "proc", null, [], MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec, proc, "mount a private procfs");
        return proc;
    }

    private static void Add(CompileContext context, SpecMount mount, string field)
    {
        if (mount.Destination.Length == 0) throw new SpecException($"{field}.destination", "is missing");
        var destination = Normalise(mount.Destination);
        if (destination.StartsWith("/proc/", StringComparison.Ordinal) && !s_insideProc.Contains(destination))
            throw new SpecException($"{field}.destination", $"'{destination}' is inside /proc, where nothing may be mounted");
        var options = MountOptions.Parse(mount.Options, $"{field}.options");

        var mapped = options.MapsIds || mount.UidMappings is { Count: > 0 } || mount.GidMappings is { Count: > 0 };
        if (mapped && !options.IsBind && mount.Type != "bind") throw new SpecException($"{field}.uidMappings", "only bind mounts can be id-mapped");
        if (context.Input.MountDescriptors.TryGetValue(mount.Destination, out var given))
            Attach(context, mount, destination, options, Argument.Descriptor(given, $"mount for {destination}"), IsDirectory(given));
        else if (options.IsBind || mount.Type == "bind")
            Bind(context, mount, destination, options, field, mapped);
        else if (options.CopiesUp && mount.Type == "tmpfs")
            Attach(context, mount, destination, options, context.Open($"copy of {destination}", () => CopyUp.Make(context, destination, options)), directory: true);
        else if (mount.Type == "cgroup")
            CgroupMountSteps.Add(context, destination, options);
        else if (mount.Type is null or "")
            throw new SpecException($"{field}.type", $"is missing for '{destination}', and it is no bind mount");
        else
            New(context, mount, destination, options);
    }

    private static void New(CompileContext context, SpecMount mount, string destination, MountOptions options)
    {
        var kind = mount.Type!;
        var isPrepared = TryFindPrepared(context, mount, out var detached);
        if (!isPrepared) detached = context.Program.Slot(destination == "/dev" ? "dev" : $"mount{context.Program.Count}");
        if (context.Linux.MountLabel is { Length: > 0 } label && (kind is "tmpfs" or "mqueue" or "devpts")) options.Data.Add(new("context", label));
        // A tmpfs without a mode has that of the directory it is mounted on, if there is one, as runc has it.
        var closesLater = kind == "tmpfs" && options.Set.HasFlag(MountAttributes.ReadOnly);
        var takesMode = kind == "tmpfs" && !options.Data.Exists(d => d.Key == "mode");
        if (!isPrepared) NewDetached(context, kind, mount.Source, options.Data, closesLater ? options.Set & ~MountAttributes.ReadOnly : options.Set, detached, $"mount {destination}");
        // A link in the image must not decide what is procfs (CVE-2019-19921).
        var resolve = kind is "proc" or "sysfs" ? Resolve.NoSymlinks | Resolve.NoMagicLinks : Resolve.NoMagicLinks;
        if (takesMode) CopyMode(context, destination, detached);
        Attach(context, destination, detached, directory: true, resolve, MountAttributes.None, MountAttributes.None);
        if (closesLater) context.ReadOnlyAtLast.Add((detached, destination));
        SetPropagation(context, detached, options, destination);
        if (kind == "proc" && destination == "/proc") context.Proc = detached;
        if (kind == "tmpfs" && destination == "/dev") context.Dev = detached;
    }

    /// <summary>Steps that make a file system and leave its detached mount in <paramref name="into"/>.</summary>
    public static void NewDetached(CompileContext context, string type, string? source, IEnumerable<KeyValuePair<string, string?>> data, MountAttributes attributes, Slot into, string purpose)
    {
        var program = context.Program;
        program.Add(purpose, Syscall.fsopen, program.Text(type), Argument.Flags(1, "FSOPEN_CLOEXEC")).Into(into);
        if (source is { Length: > 0 }) program.Add(purpose, Syscall.fsconfig, into, Argument.Flags(1, "SET_STRING"), program.Text("source"), program.Text(source));
        foreach (var (key, value) in data)
        {
            if (value is { Length: > 255 }) throw new SpecException("mounts", $"the option '{key}' of {purpose} is longer than the 255 bytes the kernel takes");
            program.Add(purpose, Syscall.fsconfig, into, value is null ? Argument.Flags(0, "SET_FLAG") : Argument.Flags(1, "SET_STRING"), program.Text(key), value is null ? 0 : program.Text(value));
        }
        program.Add(purpose, Syscall.fsconfig, into, Argument.Flags(6, "CMD_CREATE"));
        program.Add(purpose, Syscall.fsmount, into, Argument.Flags(1, "FSMOUNT_CLOEXEC"), Argument.Flags((long)attributes, attributes == 0 ? "0" : attributes.ToString().Replace(", ", "|", StringComparison.Ordinal))).Into(into);
    }

    private static void Bind(CompileContext context, SpecMount mount, string destination, MountOptions options, string field, bool mapped)
    {
        if (mount.Source is not { Length: > 0 } named) throw new SpecException($"{field}.source", $"is missing for the bind mount at '{destination}'");
        var source = Path.GetFullPath(named, context.Input.Bundle);
        var entry = context.Host.EntryAtNow(source);
        if (entry == HostEntry.Absent && context.Input.OpensForReal) throw new SpecException($"{field}.source", $"'{source}' does not exist");
        if (mapped && context.CopiesInside) throw new SpecException($"{field}.uidMappings", "take root: only the owner of a file system may shift its owners");
        var detached = context.Copied.TryGetValue(mount, out var copied) ? copied : context.Open($"bind {named}", () =>
        {
            var tree = MountTree.Clone(source, options.BindIsRecursive);
            if (PropagationOfCopy(options) is var propagation and not MountPropagation.Unchanged) MountTree.Change(tree, 0, 0, propagation, recursive: true);
            if (mapped) MapIds(context, tree, mount, options, field);
            return tree;
        });
        Attach(context, mount, destination, options, detached, entry != HostEntry.File);
    }

    // A copy of a shared mount is its peer, and what the container mounted there would appear on the host.
    private static MountPropagation PropagationOfCopy(MountOptions options) =>
        options.Propagation == MountPropagation.Shared || options is { Propagation: MountPropagation.Private, PropagationIsRecursive: true } ? MountPropagation.Unchanged
        : options.Propagation == MountPropagation.Unchanged ? MountPropagation.Private : MountPropagation.Slave;

    // Without maps of its own a mount takes the container's.
    private static void MapIds(CompileContext context, SafeHandle tree, SpecMount mount, MountOptions options, string field)
    {
        var own = mount.UidMappings is { Count: > 0 } || mount.GidMappings is { Count: > 0 };
        if (!own && !context.InUserNamespace) throw new SpecException($"{field}.uidMappings", "are missing, and the container has no user namespace whose maps could be taken");
        IdMap.Apply(tree, own ? null : context.IdMaps(), mount.UidMappings, mount.GidMappings, options.MapsIdsBelow, field);
    }

    private static void Attach(CompileContext context, SpecMount mount, string destination, MountOptions options, Argument detached, bool directory)
    {
        Change(context, detached, options.Set, options.Clear, recursive: false, $"mount {destination}");
        Change(context, detached, options.RecursiveSet, options.RecursiveClear, recursive: true, $"mount {destination}");
        Attach(context, destination, detached, directory, Resolve.NoMagicLinks, MountAttributes.None, MountAttributes.None);
        SetPropagation(context, detached, options, destination);
    }

    /// <summary>Steps that move a detached mount to its destination, making that where it is missing.</summary>
    public static void Attach(CompileContext context, string destination, Argument detached, bool directory, Resolve resolve, MountAttributes set, MountAttributes clear)
    {
        var program = context.Program;
        var target = program.Slot($"at{program.Count}");
        Change(context, detached, set, clear, recursive: false, $"mount {destination}");
        PathSteps.OpenOrCreate(context, destination, directory, target, $"open the mount point {destination}", resolve);
        program.Add($"mount {destination}", Syscall.move_mount, detached, program.Text(""), target, program.Text(""), Argument.Flags(FromEmptyToEmpty, "F_EMPTY_PATH|T_EMPTY_PATH"));
    }

    // The kernel looks at 16 bits of a mode, so whatever follows stx_mode (statx(2)) does not matter.
    private static void CopyMode(CompileContext context, string destination, Slot mount)
    {
        const int statusBytes = 256, mode = 2, modeOffset = 28;
        var program = context.Program;
        var purpose = $"give {destination} the mode of its mount point";
        var target = program.Slot($"at{program.Count}");
        var status = (byte*)program.Arena.Allocate(statusBytes);
        var open = PathSteps.Open(context, destination, target, purpose, OpenFlags.Directory).Tolerate([Errno.ENOENT, Errno.ENOTDIR]);
        program.Add(purpose, Syscall.statx, target, program.Text(""), Argument.Flags(EmptyPath, "AT_EMPTY_PATH"), Argument.Flags(mode, "STATX_MODE"), Argument.Memory(status, "status"));
        program.Add(purpose, Syscall.fchmodat, mount, program.Text("."), new Slot((long*)(status + modeOffset), "mode"));
        open.SkipToHere(onSuccess: false, whenTolerated: true);
    }

    public static void Change(CompileContext context, Argument mount, MountAttributes set, MountAttributes clear, bool recursive, string purpose, MountPropagation propagation = 0)
    {
        if (set == 0 && clear == 0 && propagation == 0) return;
        var attributes = context.Program.Arena.Place(new MountAttributesArgument { Set = (ulong)set, Clear = (ulong)clear, Propagation = (ulong)propagation });
        var words = string.Join(' ', Array.FindAll([set == 0 ? "" : "set " + set, clear == 0 ? "" : "clear " + clear, propagation == 0 ? "" : propagation.ToString()], w => w.Length > 0));
        context.Program.Add(purpose, Syscall.mount_setattr, mount, context.Program.Text(""), Argument.Flags(EmptyPath | (recursive ? Recursive : 0), recursive ? "AT_EMPTY_PATH|AT_RECURSIVE" : "AT_EMPTY_PATH"),
            Argument.Memory(attributes, words), sizeof(MountAttributesArgument));
    }

    private static void SetPropagation(CompileContext context, Argument mount, MountOptions options, string destination)
    {
        if (options.Propagation != MountPropagation.Unchanged)
            Change(context, mount, 0, 0, options.PropagationIsRecursive, $"set the propagation of {destination}", options.Propagation);
    }

    private static string Normalise(string destination) => Path.GetFullPath(destination.StartsWith('/') ? destination : "/" + destination);

    private static bool IsDirectory(int descriptor) => Files.KindOf($"/proc/self/fd/{descriptor}") == FileKind.Directory;
}

using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>The root file system: attached, made the root, and the host's tree let go of before anything else is mounted.</summary>
internal static unsafe class RootSteps
{
    /// <summary>What the specification has no word for: the root, too, is to be id-mapped by the container's maps, as its mounts can be.</summary>
    public const string ShiftAnnotation = "yun.root-idmap";

    private const int EmptyPath = 0x1000, Recursive = 0x8000, FromEmptyPath = 4, Detach = 2;

    public static void Enter(CompileContext context)
    {
        if (context.Has("mount") && !context.Makes("mount")) return;
        var program = context.Program;
        if (!StaysInHost(context)) SetPropagation(context, PropagationOf(context.Linux.RootfsPropagation), recursive: true, "set the propagation of the host's mounts");
        var root = Open(context);
        if (HasHooks(context) || StaysInHost(context)) EnterBelow(context, root);
        else
        {
            program.Add("attach the root file system", Syscall.move_mount, root, program.Text(""), PathDescriptor.CurrentDirectory, program.Text("/"), Argument.Flags(FromEmptyPath, "F_EMPTY_PATH"));
            MakeRoot(context, root);
        }
    }

    private static void MakeRoot(CompileContext context, Argument root)
    {
        var program = context.Program;
        program.Add("enter the root file system", Syscall.fchdir, root);
        if (context.Input.NoPivot || StaysInHost(context)) program.Add("make it the root", Syscall.chroot, program.Text("."));
        else
        {
            program.Add("make it the root", Syscall.pivot_root, program.Text("."), program.Text("."));
            program.Add("let go of the host's tree", Syscall.umount2, program.Text("."), Argument.Flags(Detach, "MNT_DETACH"));
        }
        program.Add("stand in the root", Syscall.chdir, program.Text("/"));
    }

    private static bool HasHooks(CompileContext context) => context.Spec.Hooks is { Prestart.Count: > 0 } or { CreateRuntime.Count: > 0 } or { CreateContainer.Count: > 0 };

    // Without a mount namespace of its own the container's mounts are the host's too, and chroot is all that there can be.
    private static bool StaysInHost(CompileContext context) => !context.Has("mount");

    // Hooks see the host's tree with the container's mounts in it, at the bundle's root. So that is where they are made, and
    // chroot keeps every path inside until the hooks have run.
    private static void EnterBelow(CompileContext context, Argument root)
    {
        var program = context.Program;
        var host = program.Slot("host");
        var path = Path.GetFullPath(context.Spec.Root?.Path ?? throw new SpecException("root.path", "is missing; hooks need it, and containers without a mount namespace"), context.Input.Bundle);
        program.Add("open the host's root", Syscall.openat, PathDescriptor.CurrentDirectory, program.Text("/"), Argument.Flags(OpenFlags.Path | OpenFlags.CloseOnExec, "O_PATH|O_CLOEXEC")).Into(host);
        program.Add("attach the root file system", Syscall.move_mount, root, program.Text(""), PathDescriptor.CurrentDirectory, program.Text(path), Argument.Flags(FromEmptyPath, "F_EMPTY_PATH"));
        program.Add("enter the root file system", Syscall.fchdir, root);
        program.Add("stay inside it", Syscall.chroot, program.Text("."));
        context.RootForHooks = (host, root);
    }

    /// <summary>Where hooks have kept the host's tree in sight: lets them run, and leaves it. What they change of the network is there before kernel parameters are set.</summary>
    public static void LeaveHost(CompileContext context)
    {
        if (context.RootForHooks is not var (host, root)) return;
        var program = context.Program;
        program.Add("go back to the host's tree", Syscall.fchdir, host);
        program.Add("go back to the host's tree", Syscall.chroot, program.Text("."));
        if (context.Spec.Hooks is { Prestart.Count: > 0 } or { CreateRuntime.Count: > 0 }) StageSteps.Wait(context, LaunchStage.CreateRuntime);
        if (context.Spec.Hooks is { CreateContainer.Count: > 0 }) StageSteps.Wait(context, LaunchStage.CreateContainer);
        MakeRoot(context, root);
    }

    /// <summary>After everything is mounted: read-only if asked, and the propagation that the spec wants for the root.</summary>
    public static void Finish(CompileContext context)
    {
        foreach (var (mount, destination) in context.ReadOnlyAtLast) MountSteps.Change(context, mount, MountAttributes.ReadOnly, 0, recursive: false, $"make {destination} read-only");
        if (context.Has("mount") && !context.Makes("mount")) return;
        if (context.Spec.Root?.Readonly == true)
        {
            var attributes = context.Program.Arena.Place(new MountAttributesArgument { Set = (ulong)MountAttributes.ReadOnly });
            context.Program.Add("make the root read-only", Syscall.mount_setattr, PathDescriptor.CurrentDirectory, context.Program.Text("/"), 0, Argument.Memory(attributes, "ro"), sizeof(MountAttributesArgument));
        }
        if (!StaysInHost(context) && context.Linux.RootfsPropagation is "shared" or "rshared" or "unbindable" or "runbindable" or "slave" or "rslave")
            SetPropagation(context, PropagationOf(context.Linux.RootfsPropagation), context.Linux.RootfsPropagation[0] == 'r', "set the propagation of the root");
    }

    private static Argument Open(CompileContext context)
    {
        if (context.Input.MountDescriptors.TryGetValue("/", out var given)) return Argument.Descriptor(given, "root file system");
        if (context.Spec.Root is not { Path.Length: > 0 } root) throw new SpecException("root.path", "is missing");
        var path = Path.GetFullPath(root.Path, context.Input.Bundle);
        if (context.Input.OpensForReal && Files.KindOf(path) != FileKind.Directory) throw new SpecException("root.path", $"'{path}' is not a directory");
        var shifts = context.Spec.Annotations?.GetValueOrDefault(ShiftAnnotation) == "true";
        if (shifts && !context.InUserNamespace) throw new SpecException($"annotations.{ShiftAnnotation}", "takes a user namespace, by whose maps the root's owners are shifted");
        if (shifts && context.CopiesInside) throw new SpecException($"annotations.{ShiftAnnotation}", "takes root: only the owner of a file system may shift its owners");
        if (context.CopiesInside) return MountSteps.CopyInside(context, path, recursive: true, MountPropagation.Private, $"copy the mount of the root {root.Path}");
        return context.Open($"root {root.Path}", () =>
        {
            var tree = MountTree.Clone(path, recursive: true);
            if (shifts) IdMap.Apply(tree, context.IdMaps(), null, null, recursive: false, $"annotations.{ShiftAnnotation}");
            MountTree.Change(tree, 0, 0, MountPropagation.Private, recursive: true);
            return tree;
        });
    }

    private static MountPropagation PropagationOf(string? name) => name switch
    {
        null or "" or "slave" or "rslave" => MountPropagation.Slave,
        "private" or "rprivate" => MountPropagation.Private,
        "shared" or "rshared" => MountPropagation.Shared,
        "unbindable" or "runbindable" => MountPropagation.Unbindable,
        _ => throw new SpecException("linux.rootfsPropagation", $"'{name}' is not one of private, slave, shared, unbindable, or these with r in front"),
    };

    private static void SetPropagation(CompileContext context, MountPropagation propagation, bool recursive, string purpose)
    {
        // The host's tree must at least not send our mounts back, whatever the container's root is to be.
        if (purpose.Contains("host", StringComparison.Ordinal) && propagation is MountPropagation.Shared or MountPropagation.Unbindable) propagation = MountPropagation.Slave;
        var attributes = context.Program.Arena.Place(new MountAttributesArgument { Propagation = (ulong)propagation });
        context.Program.Add(purpose, Syscall.mount_setattr, PathDescriptor.CurrentDirectory, context.Program.Text("/"), recursive ? Argument.Flags(Recursive, "AT_RECURSIVE") : 0,
            Argument.Memory(attributes, propagation.ToString().ToLowerInvariant()), sizeof(MountAttributesArgument));
    }
}

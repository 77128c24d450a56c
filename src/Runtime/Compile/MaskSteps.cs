using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Masked paths read as empty, read-only paths cannot be written. Masks are made of our own null device and tmpfs, never of what an image put there (CVE-2025-31133).</summary>
internal static class MaskSteps
{
    private const int CloneTree = 1, EmptyPath = 0x1000, Recursive = 0x8000, FromEmptyToEmpty = 0x44;

    public static void Add(CompileContext context)
    {
        foreach (var path in Absolute(context.Linux.ReadonlyPaths, "linux.readonlyPaths")) ReadOnly(context, path);
        Slot? empty = null;
        foreach (var path in Absolute(context.Linux.MaskedPaths, "linux.maskedPaths")) Mask(context, path, ref empty);
    }

    private static List<string> Absolute(List<string>? paths, string field)
    {
        for (var i = 0; i < (paths?.Count ?? 0); i++)
            if (!paths![i].StartsWith('/')) throw new SpecException($"{field}[{i}]", $"'{paths[i]}' is not an absolute path");
        return paths ?? [];
    }

    private static void ReadOnly(CompileContext context, string path)
    {
        if (IsAbsent(context, path)) return;
        var program = context.Program;
        var target = program.Slot($"at{program.Count}");
        var copy = program.Slot($"copy{program.Count}");
        var open = PathSteps.Open(context, path, target, $"make {path} read-only").Tolerate([Errno.ENOENT, Errno.ENOTDIR]);
        program.Add($"make {path} read-only", Syscall.open_tree, target, program.Text(""), Argument.Flags(CloneTree | OpenFlags.CloseOnExec | EmptyPath | Recursive, "CLONE|CLOEXEC|AT_EMPTY_PATH|AT_RECURSIVE")).Into(copy);
        MountSteps.Change(context, copy, MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec, 0, recursive: true, $"make {path} read-only");
        program.Add($"make {path} read-only", Syscall.move_mount, copy, program.Text(""), target, program.Text(""), Argument.Flags(FromEmptyToEmpty, "F_EMPTY_PATH|T_EMPTY_PATH"));
        open.SkipToHere(onSuccess: false, whenTolerated: true);
    }

    private static void Mask(CompileContext context, string path, ref Slot? empty)
    {
        if (IsAbsent(context, path)) return;
        var purpose = $"mask {path}";
        if (!IsKernels(path)) MaskEither(context, path, purpose, empty);
        else if (context.Host.EntryAt(path) != HostEntry.Directory) Attach(context, path, Null(context, purpose), purpose);
        else if (empty is { } shared) Attach(context, path, Copy(context, shared, "", EmptyPath, purpose), purpose);
        else
        {
            empty = Empty(context);
            Attach(context, path, empty.Value, purpose);
        }
    }

    // Of what the image has there nothing is known until the child gets there.
    private static void MaskEither(CompileContext context, string path, string purpose, Slot? empty)
    {
        var program = context.Program;
        var target = program.Slot($"at{program.Count}");
        var open = PathSteps.Open(context, path, target, purpose).Tolerate([Errno.ENOENT, Errno.ENOTDIR]);
        var directory = program.Add(purpose, Syscall.openat, target, program.Text("."), Argument.Flags(OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, "O_PATH|O_DIRECTORY|O_CLOEXEC")).Tolerate(Errno.ENOTDIR);
        var masked = Move(program, empty is { } shared ? Copy(context, shared, "", EmptyPath, purpose) : Empty(context), target, purpose);
        directory.SkipToHere(onSuccess: false, whenTolerated: true);
        Move(program, Null(context, purpose), target, purpose);
        masked.SkipToHere(onSuccess: true, whenTolerated: false);
        open.SkipToHere(onSuccess: false, whenTolerated: true);
    }

    private static Slot Empty(CompileContext context)
    {
        var empty = context.Program.Slot("empty");
        MountSteps.NewDetached(context, "tmpfs", "tmpfs", [new("mode", "555"), new("nr_inodes", "1")], MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec, empty, "make an empty directory for masks");
        return empty;
    }

    private static Argument Null(CompileContext context, string purpose) =>
        context.Dev is { } dev ? Copy(context, dev, "null", 0, purpose) : context.Open("host's /dev/null", () => MountTree.Clone("/dev/null", recursive: false));

    private static Slot Copy(CompileContext context, Slot from, string name, int flags, string purpose)
    {
        var program = context.Program;
        var copy = program.Slot($"copy{program.Count}");
        program.Add(purpose, Syscall.open_tree, from, program.Text(name), Argument.Flags(CloneTree | OpenFlags.CloseOnExec | flags, flags == 0 ? "CLONE|CLOEXEC" : "CLONE|CLOEXEC|AT_EMPTY_PATH")).Into(copy);
        return copy;
    }

    private static void Attach(CompileContext context, string path, Argument mount, string purpose)
    {
        var program = context.Program;
        var target = program.Slot($"at{program.Count}");
        PathSteps.Open(context, path, target, purpose).Tolerate([Errno.ENOENT, Errno.ENOTDIR], skip: 1);
        Move(program, mount, target, purpose);
    }

    private static StepEditor Move(SyscallProgram program, Argument mount, Slot target, string purpose) =>
        program.Add(purpose, Syscall.move_mount, mount, program.Text(""), target, program.Text(""), Argument.Flags(FromEmptyToEmpty, "F_EMPTY_PATH|T_EMPTY_PATH"));

    // procfs and sysfs have the same entries in a container as here; anything else is looked for when the child gets there.
    private static bool IsKernels(string path) => path.StartsWith("/proc/", StringComparison.Ordinal) || path.StartsWith("/sys/", StringComparison.Ordinal);

    private static bool IsAbsent(CompileContext context, string path) => IsKernels(path) && context.Host.EntryAt(path) == HostEntry.Absent;
}

using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Masked paths read as empty, read-only paths cannot be written. Masks are made of our own null device and tmpfs, never of what an image put there (CVE-2025-31133).</summary>
internal static class MaskSteps
{
    private const int CloneTree = 1, EmptyPath = 0x1000, Recursive = 0x8000, FromEmptyToEmpty = 0x44;

    public static void Add(CompileContext context)
    {
        foreach (var path in context.Linux.ReadonlyPaths ?? []) ReadOnly(context, path);
        Slot? empty = null;
        foreach (var path in context.Linux.MaskedPaths ?? []) Mask(context, path, ref empty);
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
        var program = context.Program;
        var purpose = $"mask {path}";
        var directory = context.Host.EntryAt(path) == HostEntry.Directory;
        if (directory && empty is null)
        {
            empty = program.Slot("empty");
            MountSteps.NewDetached(context, "tmpfs", "tmpfs", [new("mode", "555"), new("nr_inodes", "1")], MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec, empty.Value, "make an empty directory for masks");
            Attach(context, path, empty.Value, purpose);
            return;
        }
        var copy = program.Slot($"copy{program.Count}");
        var clone = Argument.Flags(CloneTree | OpenFlags.CloseOnExec | EmptyPath, "CLONE|CLOEXEC|AT_EMPTY_PATH");
        if (directory) program.Add(purpose, Syscall.open_tree, empty!.Value, program.Text(""), clone).Into(copy);
        else if (context.Dev is { } dev) program.Add(purpose, Syscall.open_tree, dev, program.Text("null"), Argument.Flags(CloneTree | OpenFlags.CloseOnExec, "CLONE|CLOEXEC")).Into(copy);
        else
        {
            Attach(context, path, context.Open("host's /dev/null", () => MountTree.Clone("/dev/null", recursive: false)), purpose);
            return;
        }
        Attach(context, path, copy, purpose);
    }

    private static void Attach(CompileContext context, string path, Argument mount, string purpose)
    {
        var program = context.Program;
        var target = program.Slot($"at{program.Count}");
        PathSteps.Open(context, path, target, purpose).Tolerate([Errno.ENOENT, Errno.ENOTDIR], skip: 1);
        program.Add(purpose, Syscall.move_mount, mount, program.Text(""), target, program.Text(""), Argument.Flags(FromEmptyToEmpty, "F_EMPTY_PATH|T_EMPTY_PATH"));
    }

    // procfs and sysfs have the same entries in a container as here; anything else is looked for when the child gets there.
    private static bool IsAbsent(CompileContext context, string path) =>
        (path.StartsWith("/proc/", StringComparison.Ordinal) || path.StartsWith("/sys/", StringComparison.Ordinal)) && context.Host.EntryAt(path) == HostEntry.Absent;
}

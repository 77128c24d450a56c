using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>
/// Opening paths inside the container. By the time these steps run the old root is gone, so nothing can lead to the host but a magic link of
/// procfs, and those are refused.
/// </summary>
internal static unsafe class PathSteps
{
    private const ulong OpenPath = 0x200000;

    /// <summary>Opens what is at a path, without permission to read it. Follows symbolic links, not magic ones.</summary>
    public static StepEditor Open(CompileContext context, string path, Slot into, string purpose, int extraFlags = 0, Resolve resolve = Resolve.NoMagicLinks)
    {
        var how = context.Program.Arena.Place(new OpenHow { Flags = OpenPath | (ulong)OpenFlags.CloseOnExec | (ulong)extraFlags, Resolve = (ulong)resolve });
        var words = "O_PATH" + (extraFlags == OpenFlags.Directory ? "|O_DIRECTORY" : "") + (resolve.HasFlag(Resolve.NoSymlinks) ? ", no symlinks" : "");
        return context.Program.Add(purpose, Syscall.openat2, PathDescriptor.CurrentDirectory, context.Program.Text(path), Argument.Memory(how, words), sizeof(OpenHow)).Into(into);
    }

    /// <summary>As <see cref="Open"/>, making the file or directory, and the directories above it, where they are missing.</summary>
    public static void OpenOrCreate(CompileContext context, string path, bool directory, Slot into, string purpose, Resolve resolve = Resolve.NoMagicLinks, uint mode = 0x1ed)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0)
        {
            Open(context, "/", into, purpose);
            return;
        }
        var program = context.Program;
        var whole = Open(context, path, into, purpose, directory ? OpenFlags.Directory : 0, resolve).Tolerate(Errno.ENOENT);
        Open(context, "/", into, purpose);
        for (var i = 1; i <= parts.Length; i++)
        {
            var prefix = "/" + string.Join('/', parts[..i]);
            var last = i == parts.Length;
            if (!last) Open(context, prefix, into, purpose, OpenFlags.Directory).Tolerate(Errno.ENOENT).SkipOnSuccess(2);
            if (last && !directory) program.Add(purpose, Syscall.mknodat, into, program.Text(parts[i - 1]), Argument.Flags(0x8000 | 0x1a4, "S_IFREG|0644")).Tolerate(Errno.EEXIST);
            else program.Add(purpose, Syscall.mkdirat, into, program.Text(parts[i - 1]), Argument.Flags(last ? mode : 0x1ed, Octal(last ? mode : 0x1ed))).Tolerate(Errno.EEXIST);
            Open(context, prefix, into, purpose, last && !directory ? 0 : OpenFlags.Directory, last ? resolve : Resolve.NoMagicLinks);
        }
        whole.SkipToHere(onSuccess: true, whenTolerated: false);
    }

    public static string Octal(uint mode) => "0" + Convert.ToString(mode, 8);

    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenHow
    {
        public ulong Flags, Mode, Resolve;
    }
}

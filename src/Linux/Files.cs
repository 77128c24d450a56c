using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>File operations whose failure .NET does not tell apart.</summary>
public static class Files
{
    /// <summary>False when something is there already: exactly one of several callers gets true.</summary>
    public static bool TryMakeDirectory(string path, uint mode)
    {
        if (Native.mkdir(path, mode) == 0) return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno == Errno.EEXIST ? false : throw new SyscallException("mkdir", errno, path);
    }

    /// <summary>Removes a file. False when there is none: exactly one of several callers gets true.</summary>
    public static bool TryRemove(string path)
    {
        if (Native.unlinkat(PathDescriptor.CurrentDirectory, path, 0) == 0) return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno == Errno.ENOENT ? false : throw new SyscallException("unlink", errno, path);
    }

    /// <summary>Makes a fifo; there must be nothing yet.</summary>
    public static void MakeFifo(string path, uint mode) => Native.Check(Native.mkfifo(path, mode), "mkfifo", path);

    /// <summary>Makes a symbolic link; there must be nothing yet.</summary>
    public static void MakeLink(string path, string target) => Native.Check(Native.symlink(target, path), "symlink", path);

    /// <summary>Moves a file over what may be there, in one step.</summary>
    public static void Rename(string from, string to) => Native.Check(Native.rename(from, to), "rename", to);
}

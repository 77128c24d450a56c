using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>File operations whose failure .NET does not tell apart.</summary>
public static class Files
{
    private const int NoFollowLink = 0x100;

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

    /// <summary>Makes a directory, and those above it that are missing.</summary>
    public static void MakeDirectories(string path, uint mode)
    {
        if (Native.mkdir(path, mode) == 0) return;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        if (errno == Errno.EEXIST) return;
        if (errno != Errno.ENOENT || Path.GetDirectoryName(path) is not { Length: > 0 } parent) throw new SyscallException("mkdir", errno, path);
        MakeDirectories(parent, mode);
        TryMakeDirectory(path, mode);
    }

    /// <summary>Whether anything stands there, a dangling link too.</summary>
    public static bool Exists(string path) => Native.faccessat(PathDescriptor.CurrentDirectory, path, 0, NoFollowLink) == 0;

    /// <summary>What stands there, links followed; null when there is nothing, or nothing that can be reached.</summary>
    public static FileKind? KindOf(string path)
    {
        if (PathDescriptor.TryOpen(null, path, OpenFlags.Path, out var file) != Errno.None) return null;
        using (file) return FileAt.Status(file!).Kind;
    }

    /// <summary>What stands there, links followed: the same for two paths that lead to the same inode. Null when there is nothing.</summary>
    public static (ulong FileSystem, ulong Inode)? Identity(string path)
    {
        if (PathDescriptor.TryOpen(null, path, OpenFlags.Path, out var file) != Errno.None) return null;
        using (file)
        {
            var status = FileAt.Status(file!);
            return (status.FileSystem, status.Inode);
        }
    }

    /// <summary>Where a symbolic link points to; null when there is none.</summary>
    public static string? TryReadLink(string path)
    {
        if (PathDescriptor.TryOpen(null, path, OpenFlags.Path | OpenFlags.NoFollow, out var link) != Errno.None) return null;
        using (link) return FileAt.ReadLink(link!, "");
    }

    /// <summary>Makes the file or replaces its content, whatever it was.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content, uint mode) => Write(path, content, OpenFlags.Truncate, mode);

    /// <summary>Adds to a file's end, making it where it is missing.</summary>
    public static void Append(string path, ReadOnlySpan<byte> content, uint mode) => Write(path, content, OpenFlags.Append, mode);

    /// <summary>Removes a directory of files and directories, following no link. Nothing happens when there is none.</summary>
    public static void RemoveTree(string path)
    {
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, out var directory);
        if (errno == Errno.ENOENT) return;
        if (directory is null) throw new SyscallException("open", errno, path);
        using (directory)
        {
            foreach (var name in FileAt.Names(directory))
                if (FileAt.TryRemove(directory, name) == Errno.EISDIR) RemoveTree($"{path}/{name}");
        }
        if (Native.rmdir(path) != 0 && (Errno)Marshal.GetLastPInvokeError() is var left and not Errno.ENOENT) throw new SyscallException("rmdir", left, path);
    }

    /// <summary>Follows a link at the path's end.</summary>
    public static void ChangeMode(string path, uint mode) => Native.Check(Native.chmod(path, mode), "chmod", path);

    /// <summary>Makes a fifo; there must be nothing yet.</summary>
    public static void MakeFifo(string path, uint mode) => Native.Check(Native.mkfifo(path, mode), "mkfifo", path);

    /// <summary>Makes a symbolic link; there must be nothing yet.</summary>
    public static void MakeLink(string path, string target) => Native.Check(Native.symlink(target, path), "symlink", path);

    private static void Write(string path, ReadOnlySpan<byte> content, int flags, uint mode)
    {
        using var file = PathDescriptor.Open(null, path, OpenFlags.WriteOnly | OpenFlags.Create | flags, mode: mode);
        Pipe.WriteAll(file, content);
    }

    /// <summary>Moves a file over what may be there, in one step.</summary>
    public static void Rename(string from, string to) => Native.Check(Native.rename(from, to), "rename", to);
}

using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>
/// A file that one process at a time holds (flock(2)). It goes with its holder: the kernel lets the lock go whatever becomes of the process, and one that ends in order
/// removes the file.
/// </summary>
public sealed class LockFile : IDisposable
{
    private const int TriesMax = 100;
    private readonly string _path;
    private readonly SafeFileHandle _file;

    private LockFile(string path, SafeFileHandle file) => (_path, _file) = (path, file);

    /// <summary>Null when another process holds it.</summary>
    public static LockFile? TryTake(string path)
    {
        for (var tries = 0; ; tries++)
        {
            var file = PathDescriptor.Open(null, path, OpenFlags.ReadWrite | OpenFlags.Create, mode: 0x180);
            if (!Descriptors.TryLock(file))
            {
                file.Dispose();
                return null;
            }
            // Its last holder may have removed it between our opening and our locking: then it is a lock on nothing.
            if (IsAt(file, path)) return new LockFile(path, file);
            file.Dispose();
            if (tries == TriesMax) throw new SyscallException("flock", Errno.EAGAIN, path);
        }
    }

    /// <summary>The lock of a process that has become another program, by the descriptor that it left open.</summary>
    public static LockFile TakeOver(string path, SafeFileHandle file) => new(path, file);

    /// <summary>Holds the lock as long as it is open; owned by this.</summary>
    public SafeFileHandle Handle => _file;

    public void Dispose()
    {
        // Before the lock is let go, or it would be the next holder's that is removed.
        if (!_file.IsClosed) Files.TryRemove(_path);
        _file.Dispose();
    }

    private static bool IsAt(SafeFileHandle file, string path)
    {
        if (PathDescriptor.TryOpen(null, path, OpenFlags.Path, out var there) != Errno.None) return false;
        using (there) return FileAt.Status(there!) is var now && FileAt.Status(file) is var ours && (now.Inode, now.FileSystem) == (ours.Inode, ours.FileSystem);
    }
}

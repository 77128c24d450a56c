using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>Operations on an open file or directory.</summary>
public static unsafe class OpenFile
{
    private const int SeekData = 3, SeekHole = 4;
    private const uint StartWriteback = 2;

    /// <summary>How much was read; 0 at the end.</summary>
    public static int Read(SafeHandle file, Span<byte> buffer)
    {
        fixed (byte* into = buffer) return (int)Native.Check(Native.read_handle(file, into, (nuint)buffer.Length), "read");
    }

    public static void Write(SafeHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            for (var done = 0; done < bytes.Length;)
                done += (int)Native.Check(Native.write_handle(file, from + done, (nuint)(bytes.Length - done)), "write");
        }
    }

    public static void Seek(SafeHandle file, long offset) => Native.Check(Native.lseek(file, offset, 0), "lseek");

    /// <summary>Where the next bytes that are not a hole begin, from <paramref name="offset"/> on; null when there are none.</summary>
    public static long? NextData(SafeHandle file, long offset)
    {
        var found = Native.lseek(file, offset, SeekData);
        return found >= 0 ? found : (Errno)Marshal.GetLastPInvokeError() == Errno.ENXIO ? null : throw new SyscallException("lseek", (Errno)Marshal.GetLastPInvokeError());
    }

    /// <summary>Where the next hole begins, from <paramref name="offset"/> on; the end of the file counts as one.</summary>
    public static long NextHole(SafeHandle file, long offset) => Native.Check(Native.lseek(file, offset, SeekHole), "lseek");

    public static long Length(SafeHandle file) => Native.Check(Native.lseek(file, 0, 2), "lseek");

    public static void SetLength(SafeHandle file, long length) => Native.Check(Native.ftruncate(file, length), "ftruncate");

    public static void ChangeOwner(SafeHandle file, uint user, uint group) => Native.Check(Native.fchown(file, user, group), "fchown");

    public static void ChangeMode(SafeHandle file, uint mode) => Native.Check(Native.fchmod(file, mode), "fchmod");

    public static void ChangeTimes(SafeHandle file, FileTime accessed, FileTime modified)
    {
        var times = stackalloc Native.Timespec[2];
        times[0] = new Native.Timespec { Seconds = accessed.Seconds, Nanoseconds = accessed.Nanoseconds };
        times[1] = new Native.Timespec { Seconds = modified.Seconds, Nanoseconds = modified.Nanoseconds };
        Native.Check(Native.futimens(file, times), "futimens");
    }

    /// <summary>Returns when the file's content and size are on the disk; for a directory, the names in it.</summary>
    public static void Sync(SafeHandle file) => Native.Check(Native.fsync(file), "fsync");

    /// <summary>Returns when everything written to the file system that holds this file is on the disk; throws if any of it could not be written.</summary>
    public static void SyncFileSystem(SafeHandle file) => Native.Check(Native.syncfs(file), "syncfs");

    /// <summary>
    /// Tells ext4 that what is made in this directory is unrelated (chattr(1), T), so that each new directory starts in a part of the disk of its own. Without that it
    /// starts where another was deleted a moment ago, and ext4 then looks at every deleted inode before it takes a new one. Only a hint; other file systems have no such thing.
    /// </summary>
    public static void SpreadDirectories(SafeHandle directory)
    {
        const uint getFlags = 0x80086601, setFlags = 0x40086602;
        const long topDirectory = 0x20000;
        long flags = 0;
        if (Native.ioctl(directory, getFlags, &flags) != 0) return;
        flags |= topDirectory;
        _ = Native.ioctl(directory, setFlags, &flags);
    }

    /// <summary>Has the kernel begin to write to the disk what is in its cache, without waiting: the sync at the end then finds little left. Only a hint.</summary>
    public static void StartWriting(SafeHandle file) => _ = Native.sync_file_range(file, 0, 0, StartWriteback);
}

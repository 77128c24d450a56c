using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>Reading and writing descriptors of any kind where "not now" is an everyday answer and no exception.</summary>
public static unsafe class Descriptors
{
    private const int GetFlags = 3, SetFlags = 4, DuplicateCloseOnExec = 1030;

    /// <summary>0 at the end; -1 with the reason, such as EAGAIN.</summary>
    public static int Read(SafeHandle from, Span<byte> buffer, out Errno errno)
    {
        fixed (byte* bytes = buffer)
        {
            nint count;
            do count = Native.read((int)from.DangerousGetHandle(), bytes, (nuint)buffer.Length);
            while (count < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR);
            errno = count < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
            return (int)count;
        }
    }

    /// <summary>How much was taken; -1 with the reason, such as EAGAIN.</summary>
    public static int Write(SafeHandle to, ReadOnlySpan<byte> buffer, out Errno errno)
    {
        fixed (byte* bytes = buffer)
        {
            nint count;
            do count = Native.write((int)to.DangerousGetHandle(), bytes, (nuint)buffer.Length);
            while (count < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR);
            errno = count < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
            return (int)count;
        }
    }

    /// <summary>Makes all who share the open file answer EAGAIN instead of waiting.</summary>
    public static void SetNonBlocking(SafeHandle descriptor)
    {
        var flags = Native.Check(Native.fcntl(descriptor, GetFlags, 0), "fcntl", "F_GETFL");
        Native.Check(Native.fcntl(descriptor, SetFlags, flags | OpenFlags.NonBlocking), "fcntl", "F_SETFL");
    }

    /// <summary>Undoes <see cref="SetNonBlocking"/>.</summary>
    public static void SetBlocking(SafeHandle descriptor)
    {
        var flags = Native.Check(Native.fcntl(descriptor, GetFlags, 0), "fcntl", "F_GETFL");
        Native.Check(Native.fcntl(descriptor, SetFlags, flags & ~OpenFlags.NonBlocking), "fcntl", "F_SETFL");
    }

    /// <summary>One more descriptor of the same open file, closed on exec.</summary>
    public static SafeFileHandle Duplicate(SafeHandle descriptor) => new(Native.Check(Native.fcntl(descriptor, DuplicateCloseOnExec, 3), "fcntl", "F_DUPFD_CLOEXEC"), true);

    /// <summary>Leaves a descriptor open for the program that the process becomes by its next exec, or closes it then as all are here.</summary>
    public static void KeepOnExec(SafeHandle descriptor, bool keep)
    {
        const int setDescriptorFlags = 2, closeOnExec = 1;
        Native.Check(Native.fcntl(descriptor, setDescriptorFlags, keep ? 0 : closeOnExec), "fcntl", "F_SETFD");
    }

    /// <summary>Makes <paramref name="number"/> refer to the open file; it is not closed on exec.</summary>
    public static void Redirect(int number, SafeHandle to) => Native.Check(Native.dup2(to, number), "dup2");

    /// <summary>Whether a descriptor is one that the caller of this program left open for it: open, and not to be closed by the next exec.</summary>
    public static bool IsOpenAfterExec(int number)
    {
        const int getDescriptorFlags = 1, closeOnExec = 1;
        using var handle = new SafeFileHandle(number, ownsHandle: false);
        return Native.fcntl(handle, getDescriptorFlags, 0) is var flags and >= 0 && (flags & closeOnExec) == 0;
    }

    public static void Truncate(SafeHandle file, long length) => Native.Check(Native.ftruncate(file, length), "ftruncate");

    /// <summary>Waits until the file's or directory's content is on the disk.</summary>
    public static void Sync(SafeHandle file, string? path = null) => Native.Check(Native.fsync(file), "fsync", path);

    /// <summary>Takes the file's lock, which lasts until all descriptors of this opening are closed. False when another holds it.</summary>
    public static bool TryLock(SafeHandle file)
    {
        const int exclusive = 2, noWait = 4;
        if (Native.flock(file, exclusive | noWait) == 0) return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno == Errno.EAGAIN ? false : throw new SyscallException("flock", errno);
    }
}

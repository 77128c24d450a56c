using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>
/// Operations on one name inside an open directory. A name without a slash cannot lead anywhere else, and none of these follows a link that stands
/// under the name. Names are strings as <see cref="FileName"/> makes them. Methods called Try give the error number back; the others throw.
/// </summary>
public static unsafe partial class FileAt
{
    private const int NoFollowLink = 0x100, RemoveDirectoryFlag = 0x200, EmptyPath = 0x1000, ExchangeFlag = 2;
    private const uint BasicStatistics = 0x7FF, MountIdStatistics = 0x1000;
    private const int StackBytes = 512;

    public static Errno TryOpen(SafeHandle directory, string name, int flags, out SafeFileHandle? file, uint mode = 0)
    {
        var buffer = FileName.BytesMax(name) <= StackBytes ? stackalloc byte[StackBytes] : new byte[FileName.BytesMax(name)];
        FileName.Encode(name, buffer);
        int result;
        fixed (byte* path = buffer) result = Native.openat_bytes(directory, path, flags | OpenFlags.NoFollow | OpenFlags.CloseOnExec, mode);
        file = result >= 0 ? new SafeFileHandle(result, ownsHandle: true) : null;
        return Result(result);
    }

    public static SafeFileHandle Open(SafeHandle directory, string name, int flags, uint mode = 0) =>
        TryOpen(directory, name, flags, out var file, mode) is var errno && errno == Errno.None ? file! : throw new SyscallException("openat", errno, name);

    /// <summary>The status of what stands under the name; of the directory itself when the name is empty.</summary>
    public static Errno TryStatus(SafeHandle directory, string name, out FileStatus status)
    {
        var buffer = FileName.BytesMax(name) <= StackBytes ? stackalloc byte[StackBytes] : new byte[FileName.BytesMax(name)];
        FileName.Encode(name, buffer);
        fixed (byte* path = buffer)
        fixed (FileStatus* found = &status)
            return Result(Native.statx(directory, path, NoFollowLink | EmptyPath, BasicStatistics | MountIdStatistics, found));
    }

    public static FileStatus Status(SafeHandle directory, string name = "") =>
        TryStatus(directory, name, out var status) is var errno && errno == Errno.None ? status : throw new SyscallException("statx", errno, name);

    public static Errno TryMakeDirectory(SafeHandle directory, string name, uint mode)
    {
        var buffer = FileName.BytesMax(name) <= StackBytes ? stackalloc byte[StackBytes] : new byte[FileName.BytesMax(name)];
        FileName.Encode(name, buffer);
        fixed (byte* path = buffer) return Result(Native.mkdirat(directory, path, mode));
    }

    public static Errno TryMakeNode(SafeHandle directory, string name, FileKind kind, uint mode, uint major = 0, uint minor = 0)
    {
        // The kernel's dev_t as user space writes it (sysmacros.h): 12 bits of major and 8 of minor low, the rest of both high.
        var device = ((ulong)(major & 0xFFF) << 8) | (minor & 0xFF) | ((ulong)(minor & ~0xFFu) << 12) | ((ulong)(major & ~0xFFFu) << 32);
        var buffer = FileName.BytesMax(name) <= StackBytes ? stackalloc byte[StackBytes] : new byte[FileName.BytesMax(name)];
        FileName.Encode(name, buffer);
        fixed (byte* path = buffer) return Result(Native.mknodat(directory, path, (uint)kind | mode, device));
    }

    public static Errno TrySymbolicLink(string target, SafeHandle directory, string name)
    {
        var (from, to) = (ZeroEnded(target), ZeroEnded(name));
        fixed (byte* text = from)
        fixed (byte* path = to)
            return Result(Native.symlinkat(text, directory, path));
    }

    /// <summary>A second name for an inode; for a symbolic link, of the link itself.</summary>
    public static Errno TryHardLink(SafeHandle fromDirectory, string fromName, SafeHandle directory, string name)
    {
        var (from, to) = (ZeroEnded(fromName), ZeroEnded(name));
        fixed (byte* oldPath = from)
        fixed (byte* path = to)
            return Result(Native.linkat(fromDirectory, oldPath, directory, path, 0));
    }

    public static Errno TryRename(SafeHandle fromDirectory, string fromName, SafeHandle directory, string name)
    {
        var (from, to) = (ZeroEnded(fromName), ZeroEnded(name));
        fixed (byte* oldPath = from)
        fixed (byte* path = to)
            return Result(Native.renameat2(fromDirectory, oldPath, directory, path, 0));
    }

    /// <summary>Each gets the other's name, as one step.</summary>
    public static Errno TryExchange(SafeHandle oneDirectory, string one, SafeHandle otherDirectory, string other)
    {
        var (from, to) = (ZeroEnded(one), ZeroEnded(other));
        fixed (byte* onePath = from)
        fixed (byte* otherPath = to)
            return Result(Native.renameat2(oneDirectory, onePath, otherDirectory, otherPath, ExchangeFlag));
    }

    public static Errno TryRemove(SafeHandle directory, string name, bool isDirectory = false)
    {
        var buffer = FileName.BytesMax(name) <= StackBytes ? stackalloc byte[StackBytes] : new byte[FileName.BytesMax(name)];
        FileName.Encode(name, buffer);
        fixed (byte* path = buffer) return Result(Native.unlinkat_bytes(directory, path, isDirectory ? RemoveDirectoryFlag : 0));
    }

    public static string ReadLink(SafeHandle directory, string name)
    {
        var path = ZeroEnded(name);
        var target = new byte[4096];
        fixed (byte* at = path)
        fixed (byte* into = target)
        {
            var length = Native.Check(Native.readlinkat(directory, at, into, (nuint)target.Length), "readlinkat", name);
            return FileName.Decode(target.AsSpan(0, (int)length));
        }
    }

    /// <summary>Where an open directory is now, as the kernel knows it.</summary>
    public static string PathOf(SafeHandle directory)
    {
        using var self = PathDescriptor.Open(null, "/proc/self/fd", OpenFlags.Path | OpenFlags.Directory);
        return ReadLink(self, $"{directory.DangerousGetHandle()}");
    }

    /// <summary>Whether the directory's mount or file system takes no changes from anyone.</summary>
    public static bool IsReadOnly(SafeHandle directory)
    {
        const int write = 2;
        fixed (byte* path = ZeroEnded(".")) return Result(Native.faccessat(directory, path, write, 0)) == Errno.EROFS;
    }

    public static void ChangeOwner(SafeHandle directory, string name, uint user, uint group)
    {
        fixed (byte* path = ZeroEnded(name)) Native.Check(Native.fchownat(directory, path, user, group, NoFollowLink | EmptyPath), "fchownat", name);
    }

    /// <summary>
    /// Changes the mode of what stands under the name, unless that is a symbolic link. fchmodat follows links, so the inode is opened by path first and then
    /// named by its descriptor: whoever exchanges the name meanwhile gains nothing.
    /// </summary>
    public static void ChangeMode(SafeHandle directory, string name, uint mode)
    {
        using var inode = Open(directory, name, OpenFlags.Path);
        if (Status(inode).Kind == FileKind.SymbolicLink) throw new SyscallException("fchmodat", Errno.ELOOP, name);
        fixed (byte* path = ZeroEnded($"/proc/self/fd/{inode.DangerousGetHandle()}")) Native.Check(Native.fchmodat(inode, path, mode, 0), "fchmodat", name);
    }

    public static void ChangeTimes(SafeHandle directory, string name, FileTime accessed, FileTime modified)
    {
        var times = stackalloc Native.Timespec[2];
        (times[0], times[1]) = (Timespec(accessed), Timespec(modified));
        fixed (byte* path = ZeroEnded(name)) Native.Check(Native.utimensat(directory, path, times, NoFollowLink), "utimensat", name);
    }

    /// <summary>The names in a directory, in the kernel's order, without <c>.</c> and <c>..</c>. The directory is read from its beginning.</summary>
    public static List<string> Names(SafeHandle directory)
    {
        var names = new List<string>();
        var buffer = new byte[32 * 1024];
        Native.lseek(directory, 0, 0);
        while (true)
        {
            nint length;
            fixed (byte* into = buffer) length = (nint)Native.Check(Native.getdents64(directory, into, (nuint)buffer.Length), "getdents64");
            if (length == 0) return names;
            // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, then the name with a zero at its end.
            for (var at = 0; at < length; at += BitConverter.ToUInt16(buffer, at + 16))
            {
                var name = buffer.AsSpan(at + 19);
                name = name[..name.IndexOf((byte)0)];
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)) names.Add(FileName.Decode(name));
            }
        }
    }

    private static byte[] ZeroEnded(string name)
    {
        var bytes = new byte[FileName.BytesMax(name)];
        FileName.Encode(name, bytes);
        return bytes;
    }

    private static Native.Timespec Timespec(FileTime time) => new() { Seconds = time.Seconds, Nanoseconds = time.Nanoseconds };

    private static Errno Result(int result) => result >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
}

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>Per-mount attributes of mount_setattr(2) and fsmount(2) (linux/mount.h, MOUNT_ATTR_*).</summary>
[Flags]
public enum MountAttributes : ulong
{
    None = 0,
    ReadOnly = 0x1,
    NoSuid = 0x2,
    NoDev = 0x4,
    NoExec = 0x8,
    AccessTime = 0x70,
    NoAccessTime = 0x10,
    StrictAccessTime = 0x20,
    NoDirectoryAccessTime = 0x80,
    IdMap = 0x100000,
    NoSymlinkFollow = 0x200000,
}

/// <summary>Propagation of a mount (mount(2), MS_PRIVATE and its kin).</summary>
public enum MountPropagation : ulong
{
    Unchanged = 0,
    Unbindable = 1 << 17,
    Private = 1 << 18,
    Slave = 1 << 19,
    Shared = 1 << 20,
}

/// <summary>
/// Mounts held by descriptor (fsopen(2), open_tree(2), move_mount(2)). What these methods return is a detached mount: it is in no mount
/// namespace, so no path leads to it, and it is gone when the last descriptor is closed unless it was attached somewhere.
/// </summary>
public static unsafe class MountTree
{
    private const int CloneTree = 1, EmptyPath = 0x1000, Recursive = 0x8000, NoFollow = 0x100;
    private const long SetFlag = 0, SetString = 1, SetDescriptor = 5, Create = 6;

    /// <summary>A new mount of a file system. Options without a value are flags. An option's value may have at most 255 bytes (fsconfig's limit).</summary>
    /// <param name="opened">Options whose value is an open file.</param>
    public static SafeFileHandle New(string type, IEnumerable<KeyValuePair<string, string?>> options, MountAttributes attributes = MountAttributes.None, IEnumerable<KeyValuePair<string, SafeFileHandle>>? opened = null)
    {
        using var context = Owned(Call(Syscall.fsopen, type, type, (name) => Native.syscall((long)Syscall.fsopen, name, 1)));
        foreach (var (key, file) in opened ?? []) Configure(context, type, key, file);
        foreach (var (key, value) in options) Configure(context, type, key, value);
        if (Native.syscall((long)Syscall.fsconfig, context.DangerousGetHandle(), Create) < 0) throw Failed(context, "mount", type);
        var mount = Native.syscall((long)Syscall.fsmount, context.DangerousGetHandle(), 1, (long)attributes);
        return mount >= 0 ? Owned(mount) : throw Failed(context, "fsmount", type);
    }

    /// <summary>A new mount by mount(2), at a path of the calling thread's mount namespace.</summary>
    internal static void Mount(string type, string path, string options)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(type + "\0"))
        fixed (byte* target = Encoding.UTF8.GetBytes(path + "\0"))
        fixed (byte* data = Encoding.UTF8.GetBytes(options + "\0"))
            Native.Check(Native.syscall(SyscallNumber.Of(Syscall.mount), (long)name, (long)target, (long)name, 0, (long)data), "mount", $"{type} with {options}");
    }

    /// <summary>A copy of the mount at <paramref name="path"/>, with the mounts below it when <paramref name="recursive"/>; what a bind mount is made of.</summary>
    public static SafeFileHandle Clone(string path, bool recursive)
    {
        var flags = CloneTree | OpenFlags.CloseOnExec | (recursive ? Recursive : 0);
        return Owned(Call(Syscall.open_tree, path, path, name => Native.syscall((long)Syscall.open_tree, PathDescriptor.CurrentDirectory, name, flags)));
    }

    /// <summary>As <see cref="Clone(string, bool)"/>, of what an open descriptor refers to: no path can be swapped in between.</summary>
    public static SafeFileHandle Clone(SafeHandle opened, bool recursive)
    {
        var flags = CloneTree | OpenFlags.CloseOnExec | EmptyPath | (recursive ? Recursive : 0);
        byte empty = 0;
        return Owned(Native.Check(Native.syscall((long)Syscall.open_tree, opened.DangerousGetHandle(), (long)&empty, flags), "open_tree"));
    }

    /// <summary>Changes attributes and propagation of a mount, and of all below it when <paramref name="recursive"/>.</summary>
    public static void Change(SafeHandle mount, MountAttributes set, MountAttributes clear, MountPropagation propagation, bool recursive)
    {
        var attributes = new MountAttributesArgument { Set = (ulong)set, Clear = (ulong)clear, Propagation = (ulong)propagation };
        byte empty = 0;
        Native.Check(Native.syscall((long)Syscall.mount_setattr, mount.DangerousGetHandle(), (long)&empty, EmptyPath | (recursive ? Recursive : 0), (long)&attributes, sizeof(MountAttributesArgument)), "mount_setattr");
    }

    /// <summary>Shifts the owners of a detached mount's files by the maps of a user namespace.</summary>
    public static void MapIds(SafeHandle mount, SafeHandle userNamespace, bool recursive)
    {
        var attributes = new MountAttributesArgument { Set = (ulong)MountAttributes.IdMap, UserNamespace = (ulong)userNamespace.DangerousGetHandle() };
        byte empty = 0;
        Native.Check(Native.syscall((long)Syscall.mount_setattr, mount.DangerousGetHandle(), (long)&empty, EmptyPath | (recursive ? Recursive : 0), (long)&attributes, sizeof(MountAttributesArgument)), "mount_setattr", "MOUNT_ATTR_IDMAP");
    }

    /// <summary>Attaches a detached mount at a path of the calling process's mount namespace.</summary>
    public static void Attach(SafeHandle mount, string path)
    {
        const int fromEmpty = 4;
        Call(Syscall.move_mount, path, path, name => { byte empty = 0; return Native.syscall((long)Syscall.move_mount, mount.DangerousGetHandle(), (long)&empty, PathDescriptor.CurrentDirectory, name, fromEmpty); });
    }

    /// <summary>As <see cref="Attach(SafeHandle, string)"/>, on what an open descriptor refers to.</summary>
    public static void Attach(SafeHandle mount, SafeHandle target)
    {
        const int fromEmpty = 4, toEmpty = 0x40;
        byte empty = 0;
        Native.Check(Native.syscall((long)Syscall.move_mount, mount.DangerousGetHandle(), (long)&empty, target.DangerousGetHandle(), (long)&empty, fromEmpty | toEmpty), "move_mount");
    }

    /// <summary>Takes a mount out of the namespace at once; it ends when its last user does (MNT_DETACH). False when nothing is mounted there.</summary>
    public static bool Detach(string path)
    {
        const int detach = 2, noFollow = 8;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0"))
        {
            if (Native.syscall(SyscallNumber.Of(Syscall.umount2), (long)name, detach | noFollow) == 0) return true;
            var errno = (Errno)Marshal.GetLastPInvokeError();
            return errno is Errno.EINVAL or Errno.ENOENT ? false : throw new SyscallException("umount2", errno, path);
        }
    }

    private static void Configure(SafeFileHandle context, string type, string key, string? value)
    {
        fixed (byte* keyBytes = Encoding.UTF8.GetBytes(key + "\0"))
        fixed (byte* valueBytes = value is null ? null : Encoding.UTF8.GetBytes(value + "\0"))
            if (Native.syscall((long)Syscall.fsconfig, context.DangerousGetHandle(), value is null ? SetFlag : SetString, (long)keyBytes, (long)valueBytes) < 0)
                throw Failed(context, $"fsconfig {key}={value} for", type);
    }

    private static void Configure(SafeFileHandle context, string type, string key, SafeFileHandle file)
    {
        fixed (byte* keyBytes = Encoding.UTF8.GetBytes(key + "\0"))
            if (Native.syscall((long)Syscall.fsconfig, context.DangerousGetHandle(), SetDescriptor, (long)keyBytes, 0, file.DangerousGetHandle()) < 0)
                throw Failed(context, $"fsconfig {key} for", type);
    }

    // The context's read side holds the kernel's own words ("e overlay: ..."), which say far more than the number.
    private static SyscallException Failed(SafeFileHandle context, string call, string target)
    {
        var errno = (Errno)Marshal.GetLastPInvokeError();
        var message = stackalloc byte[512];
        var length = Native.read((int)context.DangerousGetHandle(), message, 512);
        return new SyscallException(call, errno, length > 2 ? $"{target} ({Encoding.UTF8.GetString(message + 2, (int)length - 2).TrimEnd()})" : target);
    }

    private static long Call(Syscall call, string text, string target, Func<long, long> invoke)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(text + "\0")) return Native.Check(invoke((long)bytes), call.ToString(), target);
    }

    private static SafeFileHandle Owned(long descriptor) => new((nint)descriptor, ownsHandle: true);
}

/// <summary>struct mount_attr of linux/mount.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MountAttributesArgument
{
    public ulong Set, Clear, Propagation, UserNamespace;
}

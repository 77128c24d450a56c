using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>Which kind a namespace is of, and which user namespace it belongs to (ioctl_ns(2)). Namespaces are told apart by their inodes.</summary>
public static unsafe class NamespaceOwner
{
    private const nuint GetUserNamespace = 0xb701, GetKind = 0xb703;

    public static ulong IdOf(string path)
    {
        using var opened = PathDescriptor.Open(null, path, OpenFlags.ReadOnly);
        return Inode(opened);
    }

    public static ulong IdOf(SafeHandle opened) => Inode(opened);

    /// <summary>The id of the user namespace that the namespace at <paramref name="path"/> was made in; null when that is none of ours to see.</summary>
    public static ulong? OwnerOf(string path)
    {
        using var opened = PathDescriptor.Open(null, path, OpenFlags.ReadOnly);
        var owner = Native.ioctl(opened, GetUserNamespace, null);
        if (owner < 0) return null;
        using var handle = new SafeFileHandle(owner, ownsHandle: true);
        return Inode(handle);
    }

    /// <summary>Which kind of namespace was opened; null when it is none.</summary>
    public static CloneFlags? KindOf(SafeHandle opened) => Native.ioctl(opened, GetKind, null) is var kind and > 0 ? (CloneFlags)kind : null;

    private static ulong Inode(SafeHandle file)
    {
        const int emptyPath = 0x1000;
        const uint inode = 0x100;
        FileStatus status;
        byte empty = 0;
        Native.Check(Native.statx(file, &empty, emptyPath, inode, &status), "statx");
        return status.Inode;
    }
}

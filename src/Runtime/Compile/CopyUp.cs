using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Runtime.Compile;

/// <summary>
/// A tmpfs that begins with what the root file system has at its place (the mount option <c>tmpcopyup</c>). The parent fills it before the child
/// is made: copying takes loops, which a list of system calls has not. Every path is resolved inside the root, and links are copied as links.
/// </summary>
internal static class CopyUp
{
    private const int DepthMax = 64;

    public static SafeFileHandle Make(CompileContext context, string destination, MountOptions options)
    {
        var tmpfs = MountTree.New("tmpfs", options.Data, options.Set & ~MountAttributes.ReadOnly);
        try
        {
            using var root = PathDescriptor.Open(null, Path.GetFullPath(context.Spec.Root?.Path ?? "rootfs", context.Input.Bundle), OpenFlags.Path | OpenFlags.Directory);
            var errno = PathDescriptor.TryOpen(root, destination, OpenFlags.ReadOnly | OpenFlags.Directory, out var source, Resolve.InRoot | Resolve.NoMagicLinks);
            using (source)
            {
                if (errno is Errno.None) CopyDirectory(source!, tmpfs, depth: 0, mode: !options.Data.Exists(o => o.Key == "mode"));
                else if (errno is not (Errno.ENOENT or Errno.ENOTDIR)) throw new SyscallException("openat2", errno, destination);
            }
            if (options.Set.HasFlag(MountAttributes.ReadOnly)) MountTree.Change(tmpfs, MountAttributes.ReadOnly, 0, MountPropagation.Unchanged, recursive: false);
            return tmpfs;
        }
        catch
        {
            tmpfs.Dispose();
            throw;
        }
    }

    private static void CopyDirectory(SafeHandle from, SafeHandle to, int depth, bool mode)
    {
        if (depth > DepthMax) throw new SpecException("mounts", $"tmpcopyup finds folders nested more than {DepthMax} deep");
        var own = FileAt.Status(from);
        FileAt.ChangeOwner(to, "", own.UserId, own.GroupId);
        foreach (var name in FileAt.Names(from)) Copy(from, to, name, depth);
        if (mode) FileAt.ChangeMode(to, ".", own.Mode);
    }

    private static void Copy(SafeHandle from, SafeHandle to, string name, int depth)
    {
        var status = FileAt.Status(from, name);
        switch (status.Kind)
        {
            case FileKind.Directory:
                Check(FileAt.TryMakeDirectory(to, name, 0x1c0), name);
                using (var source = FileAt.Open(from, name, OpenFlags.ReadOnly | OpenFlags.Directory))
                using (var target = FileAt.Open(to, name, OpenFlags.ReadOnly | OpenFlags.Directory)) CopyDirectory(source, target, depth + 1, mode: true);
                return;
            case FileKind.SymbolicLink: Check(FileAt.TrySymbolicLink(FileAt.ReadLink(from, name), to, name), name); break;
            case FileKind.Regular: CopyFile(from, to, name); break;
            default: Check(FileAt.TryMakeNode(to, name, status.Kind, status.Mode, status.DeviceMajor, status.DeviceMinor), name); break;
        }
        FileAt.ChangeOwner(to, name, status.UserId, status.GroupId);
        if (status.Kind != FileKind.SymbolicLink) FileAt.ChangeMode(to, name, status.Mode);
    }

    private static void CopyFile(SafeHandle from, SafeHandle to, string name)
    {
        using var source = FileAt.Open(from, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        using var target = FileAt.Open(to, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, 0x180);
        var buffer = new byte[64 << 10];
        int count;
        while ((count = Pipe.ReadSome(source, buffer)) > 0) Pipe.WriteAll(target, buffer.AsSpan(0, count));
    }

    private static void Check(Errno errno, string name)
    {
        if (errno != Errno.None) throw new SyscallException("tmpcopyup", errno, name);
    }
}

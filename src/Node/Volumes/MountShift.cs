using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Containers.UserIds;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>Shows the files of volumes and binds to a container with a user namespace as if their owners were those inside.</summary>
/// <param name="maps">Its user namespace; null shifts nothing.</param>
public readonly struct MountShift(SafeHandle? maps, bool binds)
{
    public static MountShift Of(UserNamespace? space, SafeHandle? maps) => new(maps, space?.ShiftsBinds == true);

    public bool IsNone => maps is null;

    /// <exception cref="EngineException">Its file system has no id-mapped mounts.</exception>
    internal SafeFileHandle Volume(string name, Func<SafeFileHandle> clone)
    {
        var mount = clone();
        if (maps is null || TryShift(mount, recursive: true)) return mount;
        mount.Dispose();
        throw new EngineException(ErrorKind.InvalidArgument, $"The volume {name} cannot be used in a user namespace: its file system has no id-mapped mounts. With --userns host the container does without.");
    }

    /// <summary>Of a file system that cannot, such as procfs or one over a network, files keep the owners they have, whom the container does not know.</summary>
    internal SafeFileHandle Bind(Func<SafeFileHandle> clone)
    {
        var mount = clone();
        // What is mounted inside may be of another kind.
        if (maps is not null && binds && !TryShift(mount, recursive: true)) TryShift(mount, recursive: false);
        return mount;
    }

    internal bool ShiftsBinds => maps is not null && binds;

    private bool TryShift(SafeFileHandle mount, bool recursive)
    {
        try
        {
            MountTree.MapIds(mount, maps!, recursive);
            return true;
        }
        catch (SyscallException error) when (error.Errno is Errno.EINVAL or Errno.EPERM) { return false; }
    }
}

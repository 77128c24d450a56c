using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Volumes;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>A container's files by descriptor. While one of a stopped container is open, the container is not started or removed; disposing of it lets go.</summary>
internal sealed class ContainerRoot(SafeFileHandle directory, IDisposable? turn) : IDisposable
{
    /// <summary>The container's <c>/</c>. Paths are opened under it with <see cref="Resolve.InRoot"/>.</summary>
    public SafeFileHandle Directory => directory;

    public void Dispose()
    {
        directory.Dispose();
        turn?.Dispose();
    }
}

public sealed partial class Container
{
    /// <summary>
    /// Opens the container's root. A running one is entered through its own root, since a second mount of its upper directory would corrupt it; a stopped
    /// one is mounted anew where no path leads.
    /// </summary>
    /// <param name="withMounts">With its volumes and binds, as the container sees them; without, only its own file system.</param>
    internal async Task<ContainerRoot> OpenRootAsync(bool withMounts, CancellationToken cancel)
    {
        var turn = await TakeTurnAsync(cancel);
        try
        {
            if (State.Status is ContainerStatus.Removing or ContainerStatus.Dead) throw new EngineException(ErrorKind.Conflict, $"container {Id} is being removed");
            if (!State.IsLive)
            {
                using var maps = await OpenMapsAsync(cancel);
                return new ContainerRoot(withMounts ? MountWithVolumes(maps) : MountRootfs(maps), turn);
            }
            var live = withMounts ? OpenLiveRoot() : MountNamespace.CloneFrom(State.Pid, "/", recursive: false);
            turn.Dispose();
            return new ContainerRoot(live, null);
        }
        catch (Exception error)
        {
            turn.Dispose();
            if (error is SyscallException { Errno: Errno.ESRCH or Errno.ENOENT } && State.Pid != 0) throw new EngineException(ErrorKind.Conflict, $"container {Id} has just ended; try again", error);
            throw;
        }
    }

    internal SafeFileHandle OpenLiveRoot()
    {
        var root = PathDescriptor.Open(null, $"/proc/{State.Pid}/root", OpenFlags.Path | OpenFlags.Directory);
        var process = Process?.PidFd ?? Orphan;
        // The number may be another process's by now.
        if (process is not null && !ProcessDescriptor.HasEnded(process)) return root;
        root.Dispose();
        throw new SyscallException("open", Errno.ESRCH, $"/proc/{State.Pid}/root");
    }

    private SafeFileHandle MountWithVolumes(SafeHandle? maps)
    {
        using var rootfs = MountRootfs(maps);
        if (HostConfig.ReadonlyRootfs) MountTree.Change(rootfs, MountAttributes.ReadOnly, MountAttributes.None, MountPropagation.Unchanged, recursive: false);
        var inner = _record.Mounts.Where(mount => mount.Kind is MountKind.Volume or MountKind.Bind or MountKind.Image)
            .OrderBy(mount => mount.Destination.Count(c => c == '/')).Select(mount => (mount.Destination, (Func<SafeFileHandle>)(() => OpenSource(mount, maps))));
        return MountNamespace.Assemble(rootfs, Directory, [.. inner]);
    }

    private SafeFileHandle OpenSource(ContainerMount mount, SafeHandle? maps)
    {
        if (mount.Kind == MountKind.Image) return MountImage(mount.Source, maps);
        var shift = MountShift.Of(UserNamespace, maps);
        var source = mount.Kind == MountKind.Volume ? shift.Volume(mount.Name ?? mount.Source, () => MountTree.Clone(mount.Source, recursive: false))
            : shift.Bind(() => MountTree.Clone(mount.Source, recursive: !mount.NonRecursive));
        if (mount.ReadOnly) MountTree.Change(source, MountAttributes.ReadOnly, MountAttributes.None, MountPropagation.Unchanged, recursive: !mount.ReadOnlyNonRecursive);
        return source;
    }
}

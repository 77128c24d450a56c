using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Containers.UserIds;
using Yun.Node.Keeper;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    internal UserNamespace? UserNamespace => _record.UserNamespace;

    /// <summary>The container's root file system as a detached mount, with its changes; owned by the caller. Not while it runs: two mounts of one upper directory corrupt it.</summary>
    /// <param name="maps">Of its user namespace, when it has one.</param>
    internal SafeFileHandle MountRootfs(SafeHandle? maps) => Shifted(maps, "Its layers", () =>
        maps is not null && UserNamespace is { KeepsOwnersInside: true, RootUser: { } user, RootGroup: { } group }
            ? Overlay.MountUnshifted(LowerDirectories(), Directory, Path.GetFileName(UpperDirectory), Path.GetFileName(WorkDirectory), maps, user, group)
            : Overlay.Mount(LowerDirectories(), UpperDirectory, WorkDirectory, maps));

    /// <summary>What lies below its changes, read-only.</summary>
    private SafeFileHandle MountBelow(SafeHandle? maps) => Shifted(maps, "Its layers", () => Overlay.Mount(LowerDirectories(), null, null, UserNamespace is { KeepsOwnersInside: true } ? null : maps));

    private SafeFileHandle MountImage(string reference, SafeHandle? maps) =>
        Shifted(maps, $"The layers of {reference}", () => Overlay.Mount(Engine.Images.LayerDirectories(Engine.Images.Find(reference)), null, null, maps));

    /// <summary>A user namespace with the container's maps, for its files while it does not run; null when it has none.</summary>
    private async Task<SafeFileHandle?> OpenMapsAsync(CancellationToken cancel) =>
        UserNamespace is { } space ? (await Engine.Keeper.MakeNamespacesAsync(space, network: false, cancel)).User : null;

    /// <summary>Its changes as they are inside; owned by the caller. Null where the disk has them so.</summary>
    private async Task<SafeFileHandle?> OpenChangesInsideAsync(CancellationToken cancel)
    {
        if (UserNamespace is not { KeepsOwnersInside: false } space) return null;
        using var back = await Engine.Keeper.MakeNamespacesAsync(space.Inverse, network: false, cancel);
        return Shifted(back.User, "Its changes", () =>
        {
            var mount = MountTree.Clone(UpperDirectory, recursive: false);
            MountTree.MapIds(mount, back.User, recursive: false);
            return mount;
        });
    }

    /// <summary>
    /// The namespaces for a start; null when it has the host's user namespace. A network namespace belongs to the user namespace that it is made in, and only then does
    /// the container's root rule there.
    /// </summary>
    private async Task<KeptNamespaces?> OpenNamespacesAsync(CancellationToken cancel)
    {
        if (UserNamespace is not { } space) return null;
        var sharesNetwork = NamespaceMode.SharedContainer(HostConfig.NetworkMode) is not null;
        if (NamespaceMode.SharedContainers(HostConfig).FirstOrDefault() is not { } reference) return await Engine.Keeper.MakeNamespacesAsync(space, network: !sharesNetwork, cancel);
        var other = Engine.Containers.Find(reference);
        if (other.UserNamespace is not { } others || !others.HasIdsOf(space)) throw new EngineException(ErrorKind.Conflict, $"container {other.Name} has another user namespace than {Name}, which was made to share its namespaces: make {Name} anew");
        var user = other.OpenLiveUserNamespace();
        try { return new KeptNamespaces(user, sharesNetwork ? null : await Engine.Keeper.MakeNetworkAsync(user, cancel)); }
        catch
        {
            user.Dispose();
            throw;
        }
    }

    private SafeFileHandle OpenLiveUserNamespace()
    {
        var pid = RequireLive().Pid;
        var errno = PathDescriptor.TryOpen(null, $"/proc/{pid}/ns/user", OpenFlags.ReadOnly, out var space);
        var process = Process?.PidFd ?? Orphan;
        // The number may be another process's by now.
        if (errno == Errno.None && process is not null && !ProcessDescriptor.HasEnded(process)) return space!;
        space?.Dispose();
        throw new EngineException(ErrorKind.Conflict, $"container {Id} is not running");
    }

    private static SafeFileHandle Shifted(SafeHandle? maps, string what, Func<SafeFileHandle> mount)
    {
        try { return mount(); }
        catch (SyscallException error) when (maps is not null && error.Errno is Errno.EINVAL or Errno.EPERM or Errno.ENOSYS)
        {
            throw new EngineException(ErrorKind.Unavailable, $"{what} cannot be id-mapped, which a user namespace needs: that takes Linux 5.19 and a file system with id-mapped mounts under the data root ({error.Message}). With --userns host the container does without.", error);
        }
    }
}

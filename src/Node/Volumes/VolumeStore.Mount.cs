using Yun.Linux;
using Yun.Node.Containers;

namespace Yun.Node.Volumes;

// Only for volumes with driver options. Like Docker's local driver, it mounts them at their directory while any container that has them runs: all of
// those must see the same tmpfs or remote file system, and a container started after the daemon's restart too.
public sealed partial class VolumeStore
{
    private readonly Dictionary<string, HashSet<string>> _live = new(StringComparer.Ordinal);

    /// <summary>A container is about to start.</summary>
    internal async Task MountAsync(string containerId, ContainerMount mount, CancellationToken cancel)
    {
        var volume = Find(mount.Name!);
        if (VolumeDriverOptions.Parse(volume.Options) is { } options)
        {
            await _changes.WaitAsync(cancel);
            try
            {
                if (!IsMounted(volume.Name))
                {
                    using var mounted = await options.MountAsync(Mountpoint(volume.Name), ImagePath(volume.Name), cancel);
                    MountTree.Attach(mounted, Mountpoint(volume.Name));
                }
                LiveOf(volume.Name).Add(containerId);
            }
            finally { _changes.Release(); }
        }
        _engine.Events.Publish("volume", "mount", volume.Name, new Dictionary<string, string>
        {
            ["container"] = containerId, ["destination"] = mount.Destination, ["driver"] = Driver, ["propagation"] = mount.Propagation, ["read/write"] = mount.ReadOnly ? "false" : "true",
        });
    }

    /// <summary>The container has stopped, or did not start after all.</summary>
    public async Task UnmountAsync(string containerId, IEnumerable<ContainerMount> mounts)
    {
        foreach (var mount in mounts)
        {
            if (mount is not { Kind: MountKind.Volume, Name: { } name } || TryFind(name) is not { } volume) continue;
            if (volume.Options is not null)
            {
                await _changes.WaitAsync();
                try
                {
                    if (LiveOf(name).Remove(containerId) && LiveOf(name).Count == 0) MountTree.Detach(Mountpoint(name));
                }
                finally { _changes.Release(); }
            }
            _engine.Events.Publish("volume", "unmount", name, new Dictionary<string, string> { ["container"] = containerId, ["driver"] = Driver });
        }
    }

    // What the last daemon mounted stays for the containers that still run, and goes where none does.
    private void TakeUpMounts()
    {
        foreach (var container in _engine.Containers.List())
            if (container.State.IsLive)
                foreach (var mount in container.Record.Mounts)
                    if (mount is { Kind: MountKind.Volume, Name: { } name } && TryFind(name) is { Options: not null }) LiveOf(name).Add(container.Id);
        foreach (var volume in List())
            if (volume.Options is not null && LiveOf(volume.Name).Count == 0) MountTree.Detach(Mountpoint(volume.Name));
    }

    private HashSet<string> LiveOf(string name) => _live.TryGetValue(name, out var live) ? live : _live[name] = new(StringComparer.Ordinal);

    private bool IsMounted(string name)
    {
        using var home = PathDescriptor.Open(null, Path.Combine(Root, name), OpenFlags.Path | OpenFlags.Directory);
        return FileAt.Status(home, "_data").MountId != FileAt.Status(home).MountId;
    }
}

using Microsoft.Win32.SafeHandles;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>
/// What a container asks to have mounted, made one list when it is created. Where two name one destination, Docker's order decides: an explicit
/// mount beats one taken over by <c>--volumes-from</c>, and both beat the image's VOLUME; two explicit ones are an error.
/// </summary>
internal sealed class MountResolution(Engine engine, VolumeStore volumes, string containerId)
{
    private readonly Dictionary<string, ContainerMount> _explicit = new(StringComparer.Ordinal);

    /// <summary>Makes the volumes that are missing, puts the image's content into empty ones, and gives the container a hold on all of them.</summary>
    /// <param name="openImage">Gives the image's root file system, owned by the caller; asked for only when a volume is to be filled.</param>
    public async Task<IReadOnlyList<ContainerMount>> ResolveAsync(ContainerConfig config, HostConfig host, Func<SafeFileHandle> openImage, CancellationToken cancel)
    {
        var all = new Dictionary<string, ContainerMount>(StringComparer.Ordinal);
        try
        {
            await ResolveAsync(config, host, all, cancel);
            await volumes.FillAsync(all.Values, openImage, cancel);
            return [.. all.Values.OrderBy(m => m.Destination, StringComparer.Ordinal)];
        }
        catch
        {
            await volumes.ReleaseAsync(containerId, all.Values, removeAnonymous: true, CancellationToken.None);
            throw;
        }
    }

    private async Task ResolveAsync(ContainerConfig config, HostConfig host, Dictionary<string, ContainerMount> all, CancellationToken cancel)
    {
        var asked = new Dictionary<string, MountPoint>(StringComparer.Ordinal);
        foreach (var text in host.Binds ?? []) Add(BindText.Parse(text) with { ReadOnlyNonRecursive = host.LeavesInnerMountsWritable });
        foreach (var mount in host.Mounts ?? [])
        {
            var parsed = MountRequest.Parse(mount);
            Add(parsed);
            asked[parsed.Destination] = mount;
        }
        foreach (var (destination, options) in host.Tmpfs ?? [])
        {
            if (_explicit.ContainsKey(MountPath.Destination(destination, because => new(ErrorKind.InvalidArgument, because)))) throw Duplicate(destination);
            TmpfsWords.Merge(options);
        }

        foreach (var (destination, mount) in _explicit.ToList()) _explicit[destination] = OfDataRoot(mount, IsSaid(mount, asked.GetValueOrDefault(destination)));
        foreach (var from in host.VolumesFrom ?? []) TakeOver(from, all);
        foreach (var (destination, mount) in _explicit)
            all[destination] = mount.Kind == MountKind.Volume ? await MakeAsync(mount, asked.GetValueOrDefault(destination), host.VolumeDriver, cancel) : mount;
        foreach (var destination in ImageVolumes(config, host))
            if (!all.ContainsKey(destination))
                all[destination] = await MakeAsync(new ContainerMount { Kind = MountKind.Volume, Destination = destination, Anonymous = true }, null, host.VolumeDriver, cancel) with { Mode = "" };

        volumes.Use(containerId, all.Values);
    }

    private void Add(ContainerMount mount)
    {
        if (!_explicit.TryAdd(mount.Destination, mount)) throw Duplicate(mount.Destination);
    }

    private static bool IsSaid(ContainerMount mount, MountPoint? asked) =>
        asked is not null ? asked.BindOptions?.Propagation is { Length: > 0 } : mount.Mode.Split(',').Contains(mount.Propagation);

    /// <summary>A container that sees our own data root as it was would keep alive what is unmounted there; so it must follow, as with dockerd.</summary>
    private ContainerMount OfDataRoot(ContainerMount mount, bool isPropagationSaid)
    {
        if (mount.Kind != MountKind.Bind || !(mount.Source + "/").StartsWith(engine.Options.DataRoot.TrimEnd('/') + "/", StringComparison.Ordinal) && !(engine.Options.DataRoot + "/").StartsWith(mount.Source.TrimEnd('/') + "/", StringComparison.Ordinal)) return mount;
        if (!isPropagationSaid) return mount with { Propagation = "rslave" };
        return mount.Propagation is "rslave" or "rshared" ? mount
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid mount config: must use either propagation mode \"rslave\" or \"rshared\" when mount source is within the daemon root, daemon root: \"{engine.Options.DataRoot}\", bind mount source: \"{mount.Source}\", propagation: \"{mount.Propagation}\"");
    }

    private static EngineException Duplicate(string destination) => new(ErrorKind.InvalidArgument, $"Duplicate mount point: {destination}");

    private static IEnumerable<string> ImageVolumes(ContainerConfig config, HostConfig host) =>
        (config.Volumes ?? []).Keys.Where(v => v.StartsWith('/')).Select(MountPath.Clean).Where(v => v != "/" && host.Tmpfs?.Keys.Any(t => MountPath.Clean(t) == v) != true);

    private void TakeOver(string from, Dictionary<string, ContainerMount> all)
    {
        var parts = from.Split(':');
        if (parts.Length > 2 || parts[0].Length == 0) throw new EngineException(ErrorKind.InvalidArgument, $"invalid volumes-from specification: '{from}'");
        var readOnly = parts.Length == 2 && parts[1].Split(',').Contains("ro");
        if (parts.Length == 2 && parts[1].Split(',').FirstOrDefault(m => m is not ("ro" or "rw" or "z" or "Z")) is { } unknown)
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid mode for volumes-from: {unknown}");
        // A wrong request, and not a container that is not found: that would be taken for the new one's image or name.
        var source = engine.Containers.TryFind(parts[0]) ?? throw new EngineException(ErrorKind.InvalidArgument, $"No such container: {parts[0]}");
        foreach (var mount in source.Record.Mounts)
            all[mount.Destination] = mount with { ReadOnly = mount.ReadOnly || readOnly, Anonymous = false };
    }

    private async Task<ContainerMount> MakeAsync(ContainerMount mount, MountPoint? asked, string? driver, CancellationToken cancel)
    {
        var options = asked?.VolumeOptions;
        var volume = await volumes.CreateAsync(
            mount.Name, options?.DriverConfig?.Name ?? driver, options?.DriverConfig?.Options, options?.Labels, containerId, cancel);
        return mount with { Name = volume.Name, Source = volumes.Mountpoint(volume.Name), Driver = VolumeStore.Driver, Mode = mount.Mode.Length > 0 ? mount.Mode : "z" };
    }
}

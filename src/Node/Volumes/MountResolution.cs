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
        foreach (var text in host.Binds ?? []) Add(BindText.Parse(text));
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
        foreach (var mount in engine.Containers.Find(parts[0]).Record.Mounts)
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

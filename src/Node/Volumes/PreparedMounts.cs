using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>A container's own mounts, ready for its start: entries of the runtime spec, and descriptors of those that are not to be found by a path.</summary>
public sealed class PreparedMounts : IDisposable
{
    private readonly Dictionary<string, SafeHandle> _descriptors = new(StringComparer.Ordinal);
    private readonly List<SpecMount> _specs = [];

    private readonly MountShift _shift;

    private PreparedMounts(MountShift shift) => _shift = shift;

    /// <summary>Outer ones before those inside them.</summary>
    public IReadOnlyList<SpecMount> Specs => _specs;

    /// <summary>Detached mounts by destination; they end with this object unless they were attached by then.</summary>
    public IReadOnlyDictionary<string, SafeHandle> Descriptors => _descriptors;

    /// <summary>What the root must be for mounts that pass on what is mounted in them; null when it does not matter.</summary>
    public string? RootfsPropagation { get; private set; }

    /// <param name="mountImage">A detached read-only mount of the image with this reference.</param>
    /// <exception cref="EngineException">A source is missing or cannot be mounted.</exception>
    public static async Task<PreparedMounts> PrepareAsync(
        VolumeStore volumes, ContainerRecord record, Func<string, SafeFileHandle> mountImage, MountShift shift = default, CancellationToken cancel = default)
    {
        var prepared = new PreparedMounts(shift);
        try
        {
            foreach (var (destination, options) in record.HostConfig.Tmpfs ?? []) prepared.AddTmpfs(destination, TmpfsWords.Merge(options));
            foreach (var mount in record.Mounts) await prepared.AddAsync(volumes, record.Id, mount, mountImage, cancel);
            prepared._specs.Sort((a, b) => Depth(a.Destination) is var x && Depth(b.Destination) is var y && x != y ? x - y : string.CompareOrdinal(a.Destination, b.Destination));
            return prepared;
        }
        catch
        {
            prepared.Dispose();
            await volumes.UnmountAsync(record.Id, record.Mounts);
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var descriptor in _descriptors.Values) descriptor.Dispose();
    }

    private static int Depth(string path) => path.Count(c => c == '/');

    private async Task AddAsync(VolumeStore volumes, string containerId, ContainerMount mount, Func<string, SafeFileHandle> mountImage, CancellationToken cancel)
    {
        switch (mount.Kind)
        {
            case MountKind.Tmpfs:
                AddTmpfs(mount.Destination, TmpfsWords.Merge(mount.Tmpfs, mount.ReadOnly));
                break;
            case MountKind.Volume:
                await volumes.MountAsync(containerId, mount, cancel);
                var mountpoint = volumes.Mountpoint(mount.Name!);
                if (mount.Subpath is { } subpath) Hold(mount.Destination, _shift.Volume(mount.Name!, () => Part(mountpoint, subpath, mount)));
                else if (!_shift.IsNone) Hold(mount.Destination, _shift.Volume(mount.Name!, () => MountTree.Clone(mountpoint, recursive: !mount.NonRecursive)));
                AddBind(mount, volumes.Mountpoint(mount.Name!));
                break;
            case MountKind.Image:
                Hold(mount.Destination, mountImage(mount.Source));
                _specs.Add(new SpecMount { Destination = mount.Destination, Type = "bind", Source = mount.Source, Options = ["rbind", "ro", "rprivate"] });
                break;
            default:
                RequireSource(mount);
                if (_shift.ShiftsBinds) Hold(mount.Destination, _shift.Bind(() => MountTree.Clone(mount.Source, recursive: !mount.NonRecursive)));
                AddBind(mount, mount.Source);
                break;
        }
    }

    private void Hold(string destination, SafeHandle mount) => _descriptors.Add(destination, mount);

    private void AddTmpfs(string destination, IReadOnlyList<string> options) =>
        _specs.Add(new SpecMount { Destination = MountPath.Clean(destination), Type = "tmpfs", Source = "tmpfs", Options = [.. options, "rprivate"] });

    private void AddBind(ContainerMount mount, string source)
    {
        var propagation = mount.Propagation.Length > 0 ? mount.Propagation : "rprivate";
        var options = new List<string> { mount.NonRecursive ? "bind" : "rbind", propagation };
        if (mount.ReadOnly) options.Add(mount.NonRecursive || mount.ReadOnlyNonRecursive ? "ro" : "rro");
        _specs.Add(new SpecMount { Destination = mount.Destination, Type = "bind", Source = source, Options = options });
        // What is mounted in a shared mount shows on both sides only where the mounts above it let it through.
        if (propagation is "shared" or "rshared") RootfsPropagation = "shared";
        else if (propagation is "slave" or "rslave") RootfsPropagation ??= "rslave";
    }

    private static void RequireSource(ContainerMount mount)
    {
        if (Path.Exists(mount.Source)) return;
        if (!mount.CreateSource) throw new EngineException(ErrorKind.InvalidArgument, $"invalid mount config for type \"bind\": bind source path does not exist: {mount.Source}");
        try
        {
            Directory.CreateDirectory(mount.Source);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(ErrorKind.Internal, $"error while creating mount source path '{mount.Source}': {error.Message}", error);
        }
    }

    // Found inside the volume whatever links its content has, and mounted by the descriptor that was found.
    private static SafeFileHandle Part(string volume, string subpath, ContainerMount mount)
    {
        using var root = PathDescriptor.Open(null, volume, OpenFlags.Path | OpenFlags.Directory);
        var errno = PathDescriptor.TryOpen(root, subpath, OpenFlags.Path, out var part, Resolve.Beneath | Resolve.NoMagicLinks);
        if (part is null)
            throw new EngineException(ErrorKind.InvalidArgument, $"cannot access path {mount.Source}/{subpath}: {errno.Describe()}", new SyscallException("openat2", errno, subpath));
        using (part) return MountTree.Clone(part, recursive: true);
    }
}

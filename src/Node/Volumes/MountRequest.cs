using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>One of <c>HostConfig.Mounts</c>, what <c>--mount</c> sends, checked as Docker does and brought into our form.</summary>
internal static class MountRequest
{
    private static readonly HashSet<string> s_propagations = ["", "private", "rprivate", "slave", "rslave", "shared", "rshared"];

    /// <exception cref="EngineException">400 in Docker's words.</exception>
    public static ContainerMount Parse(MountPoint asked)
    {
        EngineException Wrong(string because) => new(ErrorKind.InvalidArgument, $"invalid mount config for type \"{asked.Type}\": {because}");
        if (asked.Target.Length == 0) throw Wrong("field Target must not be empty");
        var mount = new ContainerMount { Destination = MountPath.Destination(asked.Target, Wrong), ReadOnly = asked.ReadOnly };
        return asked.Type switch
        {
            "bind" => Bind(asked, mount, Wrong),
            "volume" => Named(asked, mount, Wrong),
            "tmpfs" => Tmpfs(asked, mount, Wrong),
            "image" when asked.ImageOptions?.Subpath is { Length: > 0 } =>
                throw new EngineException(ErrorKind.NotImplemented, "A part of an image cannot be mounted; mount the whole image."),
            "image" => asked.Source is { Length: > 0 } reference
                ? mount with { Kind = MountKind.Image, Source = reference, ReadOnly = true }
                : throw Wrong("field Source must not be empty"),
            _ => throw Wrong("mount type unknown"),
        };
    }

    private static ContainerMount Bind(MountPoint asked, ContainerMount mount, Func<string, EngineException> wrong)
    {
        if (asked.VolumeOptions is not null) throw wrong("field VolumeOptions must not be specified");
        if (asked.TmpfsOptions is not null) throw wrong("field TmpfsOptions must not be specified");
        if (asked.Source is not { Length: > 0 } source) throw wrong("field Source must not be empty");
        if (!source.StartsWith('/')) throw wrong($"invalid mount path: '{source}' mount path must be absolute");
        var options = asked.BindOptions ?? new BindOptions();
        if (!s_propagations.Contains(options.Propagation ?? "")) throw wrong($"invalid propagation mode: {options.Propagation}");
        if (!options.CreateMountpoint && !Path.Exists(source)) throw wrong($"bind source path does not exist: {source}");
        if (options.ReadOnlyForceRecursive && (!asked.ReadOnly || options.NonRecursive || options.ReadOnlyNonRecursive))
            throw wrong("ReadOnlyForceRecursive needs a mount that is read-only and recursive");
        return mount with
        {
            Kind = MountKind.Bind, Source = MountPath.Clean(source), Propagation = options.Propagation is { Length: > 0 } propagation ? propagation : "rprivate",
            CreateSource = options.CreateMountpoint, NonRecursive = options.NonRecursive, ReadOnlyNonRecursive = options.ReadOnlyNonRecursive,
        };
    }

    private static ContainerMount Named(MountPoint asked, ContainerMount mount, Func<string, EngineException> wrong)
    {
        if (asked.BindOptions is not null) throw wrong("field BindOptions must not be specified");
        if (asked.TmpfsOptions is not null) throw wrong("field TmpfsOptions must not be specified");
        var anonymous = asked.Source is not { Length: > 0 };
        var subpath = asked.VolumeOptions?.Subpath;
        if (anonymous && subpath is { Length: > 0 }) throw wrong("must not set Subpath when using anonymous volumes");
        if (subpath is { Length: > 0 } && (subpath.StartsWith('/') || subpath.Split('/').Contains(".."))) throw wrong("subpath must be a relative path within the volume");
        return mount with
        {
            Kind = MountKind.Volume, Name = anonymous ? null : VolumeName.Checked(asked.Source!), Anonymous = anonymous,
            Driver = asked.VolumeOptions?.DriverConfig?.Name is { Length: > 0 } driver ? driver : VolumeStore.Driver,
            NoCopy = asked.VolumeOptions?.NoCopy == true, Subpath = subpath is { Length: > 0 } ? subpath : null,
        };
    }

    private static ContainerMount Tmpfs(MountPoint asked, ContainerMount mount, Func<string, EngineException> wrong)
    {
        if (asked.BindOptions is not null) throw wrong("field BindOptions must not be specified");
        if (asked.VolumeOptions is not null) throw wrong("field VolumeOptions must not be specified");
        if (asked.Source is { Length: > 0 }) throw wrong("field Source must not be specified");
        return mount with { Kind = MountKind.Tmpfs, Tmpfs = asked.TmpfsOptions };
    }
}

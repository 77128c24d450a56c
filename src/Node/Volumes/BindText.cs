using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>One of <c>HostConfig.Binds</c>: <c>source:destination[:options]</c>, where a source that begins with a slash is a path of the host and another names a volume.</summary>
internal static class BindText
{
    private static readonly HashSet<string> s_propagations = ["private", "rprivate", "slave", "rslave", "shared", "rshared"];

    /// <exception cref="EngineException">400 in Docker's words.</exception>
    public static ContainerMount Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length is < 1 or > 3 || parts.Any(p => p.Length == 0)) throw Wrong(text);
        // Without a source it is an anonymous volume.
        var (source, destination, mode) = parts.Length == 1 ? ("", parts[0], "") : (parts[0], parts[1], parts.Length == 3 ? parts[2] : "");
        var mount = new ContainerMount
        {
            Kind = source.StartsWith('/') ? MountKind.Bind : MountKind.Volume,
            Destination = MountPath.Destination(destination, because => Wrong(text, source.StartsWith('/') ? "bind" : "volume", because)),
            Mode = mode,
            Propagation = source.StartsWith('/') ? "rprivate" : "",
        };
        mount = mount.Kind == MountKind.Bind ? mount with { Source = MountPath.Clean(source), CreateSource = true }
            : mount with { Name = source.Length > 0 ? VolumeName.Checked(source) : null, Driver = VolumeStore.Driver, Anonymous = source.Length == 0 };
        return mode.Split(',', StringSplitOptions.RemoveEmptyEntries).Aggregate(mount, (m, option) => With(m, option, text));
    }

    private static ContainerMount With(ContainerMount mount, string option, string text) => option switch
    {
        "ro" => mount with { ReadOnly = true },
        "rw" => mount with { ReadOnly = false },
        // SELinux labels and the cache hints of other systems mean nothing here, and clients send them.
        "z" or "Z" or "consistent" or "cached" or "delegated" => mount,
        "nocopy" when mount.Kind == MountKind.Volume => mount with { NoCopy = true },
        _ when s_propagations.Contains(option) && mount.Kind == MountKind.Bind => mount with { Propagation = option },
        _ => throw new EngineException(ErrorKind.InvalidArgument, $"invalid volume specification: '{text}': invalid mode: {option}"),
    };

    private static EngineException Wrong(string text, string? kind = null, string? because = null) =>
        new(ErrorKind.InvalidArgument, $"invalid volume specification: '{text}'" + (because is null ? "" : $": invalid mount config for type \"{kind}\": {because}"));
}

/// <summary>Paths of mounts as Docker takes them.</summary>
internal static class MountPath
{
    /// <summary>Absolute, without <c>..</c>, doubled slashes or one at the end, and not the root.</summary>
    public static string Destination(string path, Func<string, EngineException> wrong)
    {
        if (!path.StartsWith('/')) throw wrong($"invalid mount path: '{path}' mount path must be absolute");
        var clean = Clean(path);
        return clean == "/" ? throw wrong("invalid specification: destination can't be '/'") : clean;
    }

    /// <summary>Go's filepath.Clean of an absolute path.</summary>
    public static string Clean(string path)
    {
        var full = Path.GetFullPath(path);
        return full.Length > 1 ? full.TrimEnd('/') : full;
    }
}

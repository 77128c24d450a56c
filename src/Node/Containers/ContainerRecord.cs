using System.Text.Json.Serialization;
using Yun.Node.Containers.UserIds;
using Yun.Node.Networks;
using Yun.Oci;

namespace Yun.Node.Containers;

/// <summary>
/// All that is known of a container and must outlive the daemon; kept in the store under <c>/containers/ID</c>.
/// It is never changed in place: who holds one may read it without a lock for as long as it likes.
/// </summary>
public sealed record ContainerRecord
{
    public string Id { get; set; } = "";
    /// <summary>Without Docker's leading slash.</summary>
    public string Name { get; set; } = "";
    public DateTimeOffset Created { get; set; }
    public ContainerConfig Config { get; set; } = new();
    public HostConfig HostConfig { get; set; } = new();
    /// <summary>The networks it shall be on, by name, as asked; <see cref="Endpoints"/> is what it got.</summary>
    public Dictionary<string, EndpointSettings?> WantedEndpoints { get; set; } = [];
    /// <summary>It was taken off the network of its <see cref="HostConfig.NetworkMode"/>, which a start must not put it back on.</summary>
    public bool HasLeftModeNetwork { get; set; }
    public Dictionary<string, EndpointSettings> Endpoints { get; set; } = [];
    /// <summary>Keys are <c>port/protocol</c>; null for a port that is exposed but not published.</summary>
    public Dictionary<string, List<PortBinding>?> Ports { get; set; } = [];
    public Digest Image { get; set; }
    /// <summary>The program and its arguments, entrypoint and command put together.</summary>
    public IReadOnlyList<string> Command { get; set; } = [];
    /// <summary>Binds, volumes, tmpfs and images, as they were resolved when it was created.</summary>
    public IReadOnlyList<ContainerMount> Mounts { get; set; } = [];
    /// <summary>Null in the host's.</summary>
    public UserNamespace? UserNamespace { get; set; }
    public int RestartCount { get; set; }
    /// <summary>A person stopped it, so neither a restart policy nor a restart of the daemon starts it again (always: until the daemon restarts).</summary>
    public bool StoppedByUser { get; set; }
    /// <summary>It belongs to work of the daemon that made it, and goes with that daemon.</summary>
    public bool Temporary { get; set; }
    public ContainerState State { get; set; } = new();

    /// <summary>The mode it starts with: its own, or another network of its choice where it has left that one.</summary>
    [JsonIgnore] public string NetworkMode => HasLeftModeNetwork ? WantedEndpoints.Keys.FirstOrDefault() ?? NetworkNames.None : NetworkNames.FromMode(HostConfig.NetworkMode);
}

[JsonConverter(typeof(JsonStringEnumConverter<MountKind>))]
public enum MountKind { Bind, Volume, Tmpfs, Image }

/// <summary>One thing mounted into a container: Docker's MountPoint as <c>inspect</c> shows it.</summary>
public sealed record ContainerMount
{
    public MountKind Kind { get; set; }
    /// <summary>The volume's name; null for other kinds.</summary>
    public string? Name { get; set; }
    /// <summary>A path on the host; for an image its reference, empty for tmpfs.</summary>
    public string Source { get; set; } = "";
    public string Destination { get; set; } = "";
    public string? Driver { get; set; }
    /// <summary>The options as given: <c>ro</c>, <c>z</c>, <c>rslave</c>…</summary>
    public string Mode { get; set; } = "";
    public bool ReadOnly { get; set; }
    public string Propagation { get; set; } = "";
    /// <summary>Part of the volume or image to mount instead of its root.</summary>
    public string? Subpath { get; set; }
    /// <summary>Do not copy what the image has at the destination into an empty volume.</summary>
    public bool NoCopy { get; set; }
    /// <summary>The volume was made for this container and has no name of its own; <c>rm -v</c> takes it along.</summary>
    public bool Anonymous { get; set; }
    public bool CreateSource { get; set; }
    public bool NonRecursive { get; set; }
    public bool ReadOnlyNonRecursive { get; set; }
    public TmpfsOptions? Tmpfs { get; set; }
    /// <summary>Options of <c>--tmpfs</c>, comma-separated.</summary>
    public string? TmpfsText { get; set; }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(ContainerRecord))]
public sealed partial class ContainerRecordJson : JsonSerializerContext;

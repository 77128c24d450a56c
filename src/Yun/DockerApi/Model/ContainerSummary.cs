using System.Text.Json.Serialization;
using Yun.Node.Containers;

namespace Yun.DockerApi.Model;

/// <summary>One container of <c>GET /containers/json</c>.</summary>
public sealed class ContainerSummary
{
    public string Id { get; set; } = "";
    /// <summary>Each begins with a slash.</summary>
    public List<string> Names { get; set; } = [];
    public string Image { get; set; } = "";
    [JsonPropertyName("ImageID")] public string ImageId { get; set; } = "";
    public string Command { get; set; } = "";
    /// <summary>Seconds since 1970.</summary>
    public long Created { get; set; }
    public List<ContainerPort> Ports { get; set; } = [];
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? SizeRw { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? SizeRootFs { get; set; }
    public Dictionary<string, string> Labels { get; set; } = [];
    /// <summary>created, running, paused, restarting, removing, exited or dead.</summary>
    public string State { get; set; } = "";
    /// <summary>For people: <c>Up 3 minutes (healthy)</c>.</summary>
    public string Status { get; set; } = "";
    public ContainerSummaryHost HostConfig { get; set; } = new();
    public ContainerSummaryNetworks? NetworkSettings { get; set; }
    public List<ContainerMount> Mounts { get; set; } = [];
}

public sealed class ContainerPort
{
    [JsonPropertyName("IP"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Ip { get; set; }
    public ushort PrivatePort { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public ushort PublicPort { get; set; }
    public string Type { get; set; } = "tcp";
}

public sealed class ContainerSummaryHost
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? NetworkMode { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? Annotations { get; set; }
}

public sealed class ContainerSummaryNetworks
{
    public Dictionary<string, EndpointSettings>? Networks { get; set; }
}

/// <summary>A mount as it came to be, in <c>inspect</c> and in the list; what was asked is a <see cref="MountPoint"/>.</summary>
public sealed class ContainerMount
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Type { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Name { get; set; }
    public string Source { get; set; } = "";
    public string Destination { get; set; } = "";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Driver { get; set; }
    public string Mode { get; set; } = "";
    [JsonPropertyName("RW")] public bool Writable { get; set; }
    public string Propagation { get; set; } = "";
}

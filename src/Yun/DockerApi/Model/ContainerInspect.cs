using System.Text.Json.Serialization;
using Yun.Node.Containers;

namespace Yun.DockerApi.Model;

/// <summary><c>GET /containers/{id}/json</c>.</summary>
public sealed class ContainerInspect
{
    public string Id { get; set; } = "";
    public DateTimeOffset Created { get; set; }
    public string Path { get; set; } = "";
    public List<string> Args { get; set; } = [];
    public ContainerState State { get; set; } = new();
    public string Image { get; set; } = "";
    public string ResolvConfPath { get; set; } = "";
    public string HostnamePath { get; set; } = "";
    public string HostsPath { get; set; } = "";
    public string LogPath { get; set; } = "";
    /// <summary>With a slash in front.</summary>
    public string Name { get; set; } = "";
    public int RestartCount { get; set; }
    public string Driver { get; set; } = "";
    public string Platform { get; set; } = "";
    public string MountLabel { get; set; } = "";
    public string ProcessLabel { get; set; } = "";
    public string AppArmorProfile { get; set; } = "";
    [JsonPropertyName("ExecIDs")] public List<string>? ExecIds { get; set; }
    public HostConfig HostConfig { get; set; } = new();
    public GraphDriver GraphDriver { get; set; } = new();
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? SizeRw { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? SizeRootFs { get; set; }
    public List<ContainerMount> Mounts { get; set; } = [];
    public ContainerConfig Config { get; set; } = new();
    public NetworkSettings NetworkSettings { get; set; } = new();
}

/// <summary>A time that has not come is <c>default</c>, which is written as Go writes its zero time.</summary>
public sealed class ContainerState
{
    public string Status { get; set; } = "";
    public bool Running { get; set; }
    public bool Paused { get; set; }
    public bool Restarting { get; set; }
    [JsonPropertyName("OOMKilled")] public bool OomKilled { get; set; }
    public bool Dead { get; set; }
    public int Pid { get; set; }
    public int ExitCode { get; set; }
    public string Error { get; set; } = "";
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset FinishedAt { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ContainerHealth? Health { get; set; }
}

public sealed class ContainerHealth
{
    /// <summary>starting, healthy or unhealthy.</summary>
    public string Status { get; set; } = "";
    public int FailingStreak { get; set; }
    public List<HealthProbe> Log { get; set; } = [];
}

public sealed class HealthProbe
{
    public DateTimeOffset Start { get; set; }
    public DateTimeOffset End { get; set; }
    public int ExitCode { get; set; }
    public string Output { get; set; } = "";
}

/// <summary>Where the file system comes from; for <c>overlay2</c> LowerDir, MergedDir, UpperDir and WorkDir.</summary>
public sealed class GraphDriver
{
    public Dictionary<string, string>? Data { get; set; }
    public string Name { get; set; } = "";
}

/// <summary>The properties from EndpointID on repeat the endpoint on the default bridge.</summary>
public sealed class NetworkSettings
{
    public string Bridge { get; set; } = "";
    [JsonPropertyName("SandboxID")] public string SandboxId { get; set; } = "";
    public string SandboxKey { get; set; } = "";
    /// <summary>Keys are <c>port/protocol</c>; null is exposed and not published.</summary>
    public Dictionary<string, List<PortBinding>?> Ports { get; set; } = [];
    public bool HairpinMode { get; set; }
    [JsonPropertyName("LinkLocalIPv6Address")] public string LinkLocalIpv6Address { get; set; } = "";
    [JsonPropertyName("LinkLocalIPv6PrefixLen")] public int LinkLocalIpv6PrefixLen { get; set; }
    [JsonPropertyName("SecondaryIPAddresses")] public List<SecondaryAddress>? SecondaryIpAddresses { get; set; }
    [JsonPropertyName("SecondaryIPv6Addresses")] public List<SecondaryAddress>? SecondaryIpv6Addresses { get; set; }
    [JsonPropertyName("EndpointID")] public string EndpointId { get; set; } = "";
    public string Gateway { get; set; } = "";
    [JsonPropertyName("GlobalIPv6Address")] public string GlobalIpv6Address { get; set; } = "";
    [JsonPropertyName("GlobalIPv6PrefixLen")] public int GlobalIpv6PrefixLen { get; set; }
    [JsonPropertyName("IPAddress")] public string IpAddress { get; set; } = "";
    [JsonPropertyName("IPPrefixLen")] public int IpPrefixLen { get; set; }
    [JsonPropertyName("IPv6Gateway")] public string Ipv6Gateway { get; set; } = "";
    public string MacAddress { get; set; } = "";
    public Dictionary<string, EndpointSettings> Networks { get; set; } = [];
}

public sealed class SecondaryAddress
{
    public string Addr { get; set; } = "";
    public int PrefixLen { get; set; }
}

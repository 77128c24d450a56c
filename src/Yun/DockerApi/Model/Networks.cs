using System.Text.Json.Serialization;
using Yun.Node.Containers;

namespace Yun.DockerApi.Model;

/// <summary><c>GET /networks/{id}</c>, and each of <c>GET /networks</c> (there without its containers).</summary>
public sealed class NetworkInspect
{
    public string Name { get; set; } = "";
    public string Id { get; set; } = "";
    public DateTimeOffset Created { get; set; }
    public string Scope { get; set; } = "local";
    public string Driver { get; set; } = "";
    [JsonPropertyName("EnableIPv4")] public bool EnableIpv4 { get; set; }
    [JsonPropertyName("EnableIPv6")] public bool EnableIpv6 { get; set; }
    [JsonPropertyName("IPAM")] public NetworkIpam Ipam { get; set; } = new();
    public bool Internal { get; set; }
    public bool Attachable { get; set; }
    public bool Ingress { get; set; }
    public NetworkConfigFrom ConfigFrom { get; set; } = new();
    public bool ConfigOnly { get; set; }
    public Dictionary<string, NetworkContainer> Containers { get; set; } = [];
    public Dictionary<string, string> Options { get; set; } = [];
    public Dictionary<string, string> Labels { get; set; } = [];
}

public sealed class NetworkIpam
{
    public string Driver { get; set; } = "default";
    public Dictionary<string, string>? Options { get; set; }
    public List<NetworkIpamPool>? Config { get; set; }
}

public sealed class NetworkIpamPool
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Subnet { get; set; }
    [JsonPropertyName("IPRange"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? IpRange { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Gateway { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? AuxiliaryAddresses { get; set; }
}

public sealed class NetworkConfigFrom
{
    public string Network { get; set; } = "";
}

public sealed class NetworkContainer
{
    public string Name { get; set; } = "";
    [JsonPropertyName("EndpointID")] public string EndpointId { get; set; } = "";
    public string MacAddress { get; set; } = "";
    /// <summary>With the prefix length.</summary>
    [JsonPropertyName("IPv4Address")] public string Ipv4Address { get; set; } = "";
    [JsonPropertyName("IPv6Address")] public string Ipv6Address { get; set; } = "";
}

public sealed class NetworkCreateRequest
{
    public string Name { get; set; } = "";
    public bool? CheckDuplicate { get; set; }
    public string? Driver { get; set; }
    public string? Scope { get; set; }
    [JsonPropertyName("EnableIPv4"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? EnableIpv4 { get; set; }
    [JsonPropertyName("EnableIPv6"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? EnableIpv6 { get; set; }
    [JsonPropertyName("IPAM")] public NetworkIpam? Ipam { get; set; }
    public bool Internal { get; set; }
    public bool Attachable { get; set; }
    public bool Ingress { get; set; }
    public bool ConfigOnly { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public NetworkConfigFrom? ConfigFrom { get; set; }
    public Dictionary<string, string>? Options { get; set; }
    public Dictionary<string, string>? Labels { get; set; }
}

public sealed class NetworkCreateResponse
{
    public string Id { get; set; } = "";
    public string Warning { get; set; } = "";
}

public sealed class NetworkConnectRequest
{
    public string Container { get; set; } = "";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public EndpointSettings? EndpointConfig { get; set; }
}

public sealed class NetworkDisconnectRequest
{
    public string Container { get; set; } = "";
    public bool Force { get; set; }
}

public sealed class NetworkPruneResponse
{
    public List<string>? NetworksDeleted { get; set; }
}

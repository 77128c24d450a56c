using System.Text.Json.Serialization;

namespace Yun.Node.Networks;

/// <summary>A network as the store keeps it and <c>network inspect</c> shows it, in Docker's words; its containers are asked for with <see cref="NetworkController.EndpointsOf"/>.</summary>
public sealed class Network
{
    public string Id { get; set; } = "";
    public string Name { get; set; } = "";
    public DateTime Created { get; set; }
    public string Scope { get; set; } = "local";
    /// <summary>bridge, macvlan, ipvlan, host or null.</summary>
    public string Driver { get; set; } = "bridge";
    [JsonPropertyName("EnableIPv4")] public bool EnableIpv4 { get; set; } = true;
    [JsonPropertyName("EnableIPv6")] public bool EnableIpv6 { get; set; }
    [JsonPropertyName("IPAM")] public NetworkIpam Ipam { get; set; } = new();
    public bool Internal { get; set; }
    public bool Attachable { get; set; }
    public Dictionary<string, string> Options { get; set; } = [];
    public Dictionary<string, string> Labels { get; set; } = [];

    /// <summary>No network, but what others are made from (<c>--config-only</c>).</summary>
    public bool ConfigOnly { get; set; }

    /// <summary>The name of the network whose configuration this has; empty for its own.</summary>
    public string ConfigFrom { get; set; } = "";

    /// <summary>The Linux interface: the bridge, or the parent that containers' interfaces stand on; empty for host and none.</summary>
    public string Bridge { get; set; } = "";

    /// <summary>The interface was there before us: its address is not ours to set, nor the interface ours to remove.</summary>
    public bool BridgeIsForeign { get; set; }

    /// <summary>bridge, host and none: always there, never removed.</summary>
    [JsonIgnore] public bool IsPredefined => Name is NetworkNames.Bridge or NetworkNames.Host or NetworkNames.None;
}

public sealed class NetworkIpam
{
    public string Driver { get; set; } = "default";
    public Dictionary<string, string>? Options { get; set; }
    public List<NetworkIpamConfig> Config { get; set; } = [];
}

public sealed class NetworkIpamConfig
{
    public string? Subnet { get; set; }
    [JsonPropertyName("IPRange")] public string? IpRange { get; set; }
    public string? Gateway { get; set; }
    public Dictionary<string, string>? AuxiliaryAddresses { get; set; }
}

public static class NetworkNames
{
    public const string Bridge = "bridge";
    public const string Host = "host";
    public const string None = "none";
    /// <summary>Drivers whose networks are parts of one that an interface of the machine is on.</summary>
    public const string Macvlan = "macvlan", Ipvlan = "ipvlan";

    /// <summary>Docker's <c>default</c> and an absent mode are the bridge.</summary>
    public static string FromMode(string? mode) => mode is null or "" or "default" ? Bridge : mode;
}

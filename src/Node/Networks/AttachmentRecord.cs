using System.Net;
using System.Text.Json.Serialization;
using Yun.Node.Containers;

namespace Yun.Node.Networks;

/// <summary>
/// What a container has of its networks, kept in the store under <c>/attachments/ID</c> from before it is made until after it is gone: addresses and ports
/// that are taken, and the names of the interfaces, follow from these records alone.
/// </summary>
public sealed record AttachmentRecord
{
    public string ContainerId { get; set; } = "";
    public string Name { get; set; } = "";
    public string Hostname { get; set; } = "";
    public string Domainname { get; set; } = "";
    /// <summary>host, none, <c>container:ID</c>, or empty for bridge networks.</summary>
    public string Mode { get; set; } = "";
    /// <summary>The user whom the interfaces of a virtual machine belong to; 0 for a container.</summary>
    public uint MachineUser { get; set; }
    /// <summary>The virtual machine's system is not ours: it asks for its addresses by DHCP and for names by DNS.</summary>
    public bool AsksForAddresses { get; set; }
    public List<EndpointRecord> Endpoints { get; set; } = [];
    public List<PublishedPort> Ports { get; set; } = [];
    /// <summary>As asked, by <c>port/protocol</c>; they are published again elsewhere when the network that carries them is left.</summary>
    public Dictionary<string, List<PortBinding>?> WantedPorts { get; set; } = [];
    public List<string> DnsServers { get; set; } = [];
    public List<string> DnsSearch { get; set; } = [];
    public List<string> DnsOptions { get; set; } = [];
    public List<string> ExtraHosts { get; set; } = [];
    /// <summary>Legacy links: <c>container:alias</c>.</summary>
    public List<string> Links { get; set; } = [];
}

/// <summary>One interface of a container.</summary>
public sealed record EndpointRecord
{
    public string NetworkId { get; set; } = "";
    public string EndpointId { get; set; } = "";
    /// <summary>Its name inside: eth0…; empty on host and none, which have no interface for a container.</summary>
    public string Interface { get; set; } = "";
    /// <summary>Empty where the network has no IPv4.</summary>
    public string Address { get; set; } = "";
    /// <summary>Empty where the network has no IPv6.</summary>
    public string Ipv6Address { get; set; } = "";
    public string MacAddress { get; set; } = "";
    public EndpointSettings Asked { get; set; } = new();

    [JsonIgnore] public bool HasInterface => Interface != "";
    /// <summary>Null where the network has none of this family.</summary>
    public IPAddress? AddressOf(System.Net.Sockets.AddressFamily family) => (family == System.Net.Sockets.AddressFamily.InterNetworkV6 ? Ipv6Address : Address) is { Length: > 0 } text ? IPAddress.Parse(text) : null;

    [JsonIgnore] public IEnumerable<IPAddress> Addresses => new[] { Address, Ipv6Address }.Where(address => address != "").Select(IPAddress.Parse);
}

/// <summary>A port of the host that leads to one of a container.</summary>
/// <param name="Protocol">tcp, udp or sctp.</param>
/// <param name="HostAddress">0.0.0.0 and :: are all addresses of their family.</param>
public sealed record PublishedPort(string Protocol, ushort ContainerPort, string HostAddress, ushort HostPort)
{
    [JsonIgnore] public string Key => $"{ContainerPort}/{Protocol}";
}

[JsonSerializable(typeof(AttachmentRecord))]
[JsonSerializable(typeof(Network))]
internal sealed partial class NetworksJson : JsonSerializerContext;

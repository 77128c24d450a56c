using System.Net;
using System.Net.Sockets;

namespace Yun.Node.Networks;

/// <summary>A bridge network at work: its definition, its addresses, and who is on it.</summary>
internal sealed class BridgeNetwork
{
    internal BridgeNetwork(Network definition)
    {
        Definition = definition;
        Ipv4 = Configured(AddressFamily.InterNetwork);
        Ipv6 = Configured(AddressFamily.InterNetworkV6);
    }

    internal Network Definition { get; }

    /// <summary>At least one of the two families is there.</summary>
    internal Subnet? Ipv4 { get; }
    internal Subnet? Ipv6 { get; }
    internal IEnumerable<Subnet> Subnets => new[] { Ipv4, Ipv6 }.OfType<Subnet>();

    internal Subnet? SubnetOf(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? Ipv6 : Ipv4;

    internal Subnet? SubnetFor(IPAddress address) => SubnetOf(address.AddressFamily);

    /// <summary>The number of the interface; 0 while there is none.</summary>
    internal int BridgeIndex { get; set; }

    internal bool IsDefault => Definition.Name == NetworkNames.Bridge;
    internal bool IsMasqueraded => OptionIsTrue(NetworkOption.Masquerade, unsaid: true);
    internal bool ContainersTalk => OptionIsTrue(NetworkOption.InterContainerCommunication, unsaid: true);
    internal int Mtu => Definition.Options.TryGetValue(NetworkOption.Mtu, out var text) ? int.Parse(text) : 1500;
    internal string InterfacePrefix => Definition.Options.GetValueOrDefault(NetworkOption.InterfacePrefix, "eth");

    /// <summary>Where ports are published that name no address; null is all of both families.</summary>
    internal string? HostAddress => Definition.Options.GetValueOrDefault(NetworkOption.HostAddress) is { Length: > 0 } address && address != "0.0.0.0" ? address : null;

    private Subnet? Configured(AddressFamily family) => (family == AddressFamily.InterNetwork ? Definition.EnableIpv4 : Definition.EnableIpv6) && Definition.Ipam.Config.Find(config => Subnet.IsOf(config.Subnet, family)) is { } ipam ? new Subnet(Definition.Name, ipam) : null;

    private bool OptionIsTrue(string option, bool unsaid) => Definition.Options.TryGetValue(option, out var text) ? IsTrue(text) : unsaid;

    /// <summary>The words of Go's ParseBool.</summary>
    internal static bool IsTrue(string text) => text is "1" or "t" or "T" or "true" or "TRUE" or "True";
}

/// <summary>Docker's names of a bridge network's options.</summary>
internal static class NetworkOption
{
    internal const string BridgeName = "com.docker.network.bridge.name";
    internal const string DefaultBridge = "com.docker.network.bridge.default_bridge";
    internal const string InterContainerCommunication = "com.docker.network.bridge.enable_icc";
    internal const string Masquerade = "com.docker.network.bridge.enable_ip_masquerade";
    internal const string HostAddress = "com.docker.network.bridge.host_binding_ipv4";
    internal const string Mtu = "com.docker.network.driver.mtu";
    internal const string InterfacePrefix = "com.docker.network.container_iface_prefix";
}

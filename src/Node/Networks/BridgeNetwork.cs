using System.Net;

namespace Yun.Node.Networks;

/// <summary>A bridge network at work: its definition, its addresses, and who is on it.</summary>
internal sealed class BridgeNetwork
{
    internal BridgeNetwork(Network definition)
    {
        Definition = definition;
        var ipam = definition.Ipam.Config[0];
        Subnet = IPNetwork.Parse(ipam.Subnet!);
        Gateway = IPAddress.Parse(ipam.Gateway!);
        var reserved = (ipam.AuxiliaryAddresses?.Values ?? Enumerable.Empty<string>()).Select(IPAddress.Parse).Append(Gateway);
        Addresses = new AddressPool(definition.Name, Subnet, ipam.IpRange is null ? null : IPNetwork.Parse(ipam.IpRange), reserved);
    }

    internal Network Definition { get; }
    internal IPNetwork Subnet { get; }
    internal IPAddress Gateway { get; }
    internal AddressPool Addresses { get; }

    /// <summary>The number of the interface; 0 while there is none.</summary>
    internal int BridgeIndex { get; set; }

    internal bool IsDefault => Definition.Name == NetworkNames.Bridge;
    internal bool IsMasqueraded => OptionIsTrue(NetworkOption.Masquerade, unsaid: true);
    internal bool ContainersTalk => OptionIsTrue(NetworkOption.InterContainerCommunication, unsaid: true);
    internal int Mtu => Definition.Options.TryGetValue(NetworkOption.Mtu, out var text) ? int.Parse(text) : 1500;
    internal string InterfacePrefix => Definition.Options.GetValueOrDefault(NetworkOption.InterfacePrefix, "eth");

    /// <summary>Where ports are published that name no address; null is all of both families.</summary>
    internal string? HostAddress => Definition.Options.GetValueOrDefault(NetworkOption.HostAddress) is { Length: > 0 } address && address != "0.0.0.0" ? address : null;

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

using System.Net;
using System.Net.Sockets;

namespace Yun.Node.Networks;

/// <summary>A network with addresses of its own at work: a bridge's, or a part of the network that an interface of the machine is on (macvlan, ipvlan).</summary>
internal sealed class LocalNetwork
{
    internal LocalNetwork(Network definition)
    {
        Definition = definition;
        Subnets = [.. Configured(AddressFamily.InterNetwork), .. Configured(AddressFamily.InterNetworkV6)];
        Ipv4 = Subnets.FirstOrDefault(subnet => subnet.Family == AddressFamily.InterNetwork);
        Ipv6 = Subnets.FirstOrDefault(subnet => subnet.Family == AddressFamily.InterNetworkV6);
    }

    internal Network Definition { get; }

    internal bool IsBridge => Definition.Driver == NetworkNames.Bridge;

    /// <summary>Of IPv4 first. A bridge has one of each family at most.</summary>
    internal IReadOnlyList<Subnet> Subnets { get; }

    /// <summary>The first of the family. At least one of the two is there.</summary>
    internal Subnet? Ipv4 { get; }
    internal Subnet? Ipv6 { get; }

    internal Subnet? SubnetOf(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? Ipv6 : Ipv4;

    /// <summary>Where an address lies; for one outside of all, the first of its family.</summary>
    internal Subnet? SubnetFor(IPAddress address) => Subnets.FirstOrDefault(subnet => subnet.Prefix.Contains(address)) ?? SubnetOf(address.AddressFamily);

    /// <param name="wished">As the user wrote it; empty takes the lowest that is free.</param>
    internal IPAddress? Take(string wished, AddressFamily family)
    {
        if (SubnetOf(family) is not { } first) return null;
        return (IPAddress.TryParse(wished, out var address) && address.AddressFamily == family ? SubnetFor(address)! : first).Take(wished);
    }

    /// <summary>The address by which what has this one reaches others; null where nothing leads outside, or no address is needed for it.</summary>
    internal IPAddress? GatewayFor(IPAddress address) => LeadsOutside && SubnetFor(address) is { HasGateway: true } subnet && !IsRoutedByKernel ? subnet.Gateway : null;

    /// <summary>Not in a network that is kept apart, nor where there is no interface of the machine to go out by.</summary>
    internal bool LeadsOutside => !Definition.Internal && (IsBridge || LanOption.ParentOf(Definition) is not null);

    /// <summary>ipvlan of layer 3 sends all it has to the parent, whoever it is for.</summary>
    internal bool IsRoutedByKernel => !IsBridge && LanOption.IsLayer3(Definition);

    /// <summary>The number of the interface; 0 while there is none.</summary>
    internal int BridgeIndex { get; set; }

    internal bool IsDefault => Definition.Name == NetworkNames.Bridge;
    internal bool IsMasqueraded => OptionIsTrue(NetworkOption.Masquerade, unsaid: true);
    internal bool ContainersTalk => OptionIsTrue(NetworkOption.InterContainerCommunication, unsaid: true);
    internal int Mtu => Definition.Options.TryGetValue(NetworkOption.Mtu, out var text) ? int.Parse(text) : 1500;
    internal string InterfacePrefix => Definition.Options.GetValueOrDefault(NetworkOption.InterfacePrefix, "eth");

    /// <summary>Where ports are published that name no address; null is all of both families.</summary>
    internal string? HostAddress => Definition.Options.GetValueOrDefault(NetworkOption.HostAddress) is { Length: > 0 } address && address != "0.0.0.0" ? address : null;

    private IEnumerable<Subnet> Configured(AddressFamily family) => (family == AddressFamily.InterNetwork ? Definition.EnableIpv4 : Definition.EnableIpv6)
        ? Definition.Ipam.Config.Where(config => Subnet.IsOf(config.Subnet, family)).Select(ipam => new Subnet(Definition.Name, ipam)) : [];

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
    /// <summary>What Docker knows besides, with the value that changes nothing; any other would be a promise that is not kept.</summary>
    internal static readonly (string Option, string AsIfUnsaid)[] NotDone =
    [
        ("com.docker.network.bridge.gateway_mode_ipv4", "nat"), ("com.docker.network.bridge.gateway_mode_ipv6", "nat"), ("com.docker.network.bridge.inhibit_ipv4", "false"),
        ("com.docker.network.bridge.trusted_host_interfaces", ""), ("com.docker.network.host_ipv4", ""), ("com.docker.network.host_ipv6", ""),
    ];
    internal const string InterfacePrefix = "com.docker.network.container_iface_prefix";
}

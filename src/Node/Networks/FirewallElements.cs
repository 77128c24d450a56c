using System.Net;
using System.Net.Sockets;
using Yun.Linux.Nftables;

namespace Yun.Node.Networks;

/// <summary>What a network and a published port are to the firewall.</summary>
internal static class FirewallElements
{
    internal static IEnumerable<NftablesElement> OfNetwork(LocalNetwork network)
    {
        if (!network.IsBridge) yield break;
        var bridge = network.Definition.Bridge;
        yield return new(FirewallSets.Bridges, new NftablesFields().Interface(bridge));
        if (network.Ipv4 is { } ipv4) yield return new(FirewallSets.Within, new NftablesFields().Network(ipv4.Prefix).Interface(bridge));
        if (network.Ipv6 is { } ipv6) yield return new(FirewallSets.WithinIpv6, new NftablesFields().Network(ipv6.Prefix).Interface(bridge));
        // On a bridge of the machine's own there are others besides our containers.
        if (!network.Definition.BridgeIsForeign) yield return new(FirewallSets.Guarded, new NftablesFields().Interface(bridge));
        if (network.Definition.Internal) yield return new(FirewallSets.Internal, new NftablesFields().Interface(bridge));
        else if (network.IsMasqueraded) yield return new(FirewallSets.Masqueraded, new NftablesFields().Interface(bridge));
        if (network.ContainersTalk) yield return new(FirewallSets.Talking, new NftablesFields().Interface(bridge).Interface(bridge));
    }

    /// <summary>Nothing where host and container are of two families: nftables translates within one, and the daemon relays between them.</summary>
    internal static IEnumerable<NftablesElement> OfPort(PublishedPort port, PortTargets targets)
    {
        var host = IPAddress.Parse(port.HostAddress);
        var container = targets.For(host);
        if (host.AddressFamily != container.AddressFamily) yield break;
        var isIpv6 = host.AddressFamily == AddressFamily.InterNetworkV6;
        var protocol = ProtocolNumber(port.Protocol);
        var target = new NftablesFields().Address(container).Port(port.ContainerPort);
        if (host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any)) yield return new(isIpv6 ? FirewallSets.PortsAnyIpv6 : FirewallSets.PortsAny, new NftablesFields().Protocol(protocol).Port(port.HostPort), target);
        else yield return new(isIpv6 ? FirewallSets.PortsAtIpv6 : FirewallSets.PortsAt, new NftablesFields().Address(host).Protocol(protocol).Port(port.HostPort), target);
        if (isIpv6) yield break;
        var gateway = new NftablesFields().Address(targets.Ipv4Gateway!);
        if (host.Equals(IPAddress.Any)) yield return new(FirewallSets.GatewaysAny, new NftablesFields().Protocol(protocol).Port(port.HostPort), gateway);
        else if (IPAddress.IsLoopback(host)) yield return new(FirewallSets.GatewaysAt, new NftablesFields().Address(host).Protocol(protocol).Port(port.HostPort), gateway);
    }

    private static byte ProtocolNumber(string protocol) => protocol switch { "udp" => 17, "sctp" => 132, _ => 6 };
}

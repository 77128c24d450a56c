using System.Net;
using Yun.Linux.Nftables;

namespace Yun.Node.Networks;

/// <summary>What a network and a published port are to the firewall.</summary>
internal static class FirewallElements
{
    internal static IEnumerable<NftablesElement> OfNetwork(BridgeNetwork network)
    {
        var bridge = network.Definition.Bridge;
        yield return new(FirewallSets.Bridges, new NftablesFields().Interface(bridge));
        yield return new(FirewallSets.Within, new NftablesFields().Network(network.Subnet).Interface(bridge));
        if (network.Definition.Internal) yield return new(FirewallSets.Internal, new NftablesFields().Interface(bridge));
        else if (network.IsMasqueraded) yield return new(FirewallSets.Masqueraded, new NftablesFields().Interface(bridge));
        if (network.ContainersTalk) yield return new(FirewallSets.Talking, new NftablesFields().Interface(bridge).Interface(bridge));
    }

    internal static IEnumerable<NftablesElement> OfPort(PublishedPort port, IPAddress container, IPAddress gateway)
    {
        var host = IPAddress.Parse(port.HostAddress);
        // IPv6 is relayed by the daemon: nftables translates within one family.
        if (host.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork) yield break;
        var protocol = ProtocolNumber(port.Protocol);
        var target = new NftablesFields().Address(container).Port(port.ContainerPort);
        if (host.Equals(IPAddress.Any))
        {
            yield return new(FirewallSets.PortsAny, new NftablesFields().Protocol(protocol).Port(port.HostPort), target);
            yield return new(FirewallSets.GatewaysAny, new NftablesFields().Protocol(protocol).Port(port.HostPort), new NftablesFields().Address(gateway));
            yield break;
        }
        yield return new(FirewallSets.PortsAt, new NftablesFields().Address(host).Protocol(protocol).Port(port.HostPort), target);
        if (IPAddress.IsLoopback(host))
            yield return new(FirewallSets.GatewaysAt, new NftablesFields().Address(host).Protocol(protocol).Port(port.HostPort), new NftablesFields().Address(gateway));
    }

    private static byte ProtocolNumber(string protocol) => protocol switch { "udp" => 17, "sctp" => 132, _ => 6 };
}

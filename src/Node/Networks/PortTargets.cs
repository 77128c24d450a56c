using System.Net;
using System.Net.Sockets;

namespace Yun.Node.Networks;

/// <summary>Where the published ports of a container lead.</summary>
/// <param name="Ipv4">Its address on the network that leads outside; null where it has none of this family.</param>
/// <param name="Ipv4Gateway">The bridge's address on that network.</param>
internal sealed record PortTargets(IPAddress? Ipv4, IPAddress? Ipv4Gateway, IPAddress? Ipv6)
{
    internal bool IsEmpty => Ipv4 is null && Ipv6 is null;

    /// <summary>For a port at that address of the host: of its family where there is one, for only such is translated; the other is relayed to.</summary>
    internal IPAddress For(IPAddress host) => (host.AddressFamily == AddressFamily.InterNetworkV6 ? Ipv6 ?? Ipv4 : Ipv4 ?? Ipv6)!;

    internal bool Contains(IPAddress address) => address.Equals(Ipv4) || address.Equals(Ipv6);
}

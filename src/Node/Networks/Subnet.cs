using System.Net;
using System.Net.Sockets;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>Addresses of one family on a network.</summary>
internal sealed class Subnet
{
    internal Subnet(string network, NetworkIpamConfig ipam)
    {
        Prefix = IPNetwork.Parse(ipam.Subnet!);
        HasGateway = ipam.Gateway is { Length: > 0 };
        Gateway = HasGateway ? IPAddress.Parse(ipam.Gateway!) : AddressPool.At(Prefix, 1);
        var reserved = (ipam.AuxiliaryAddresses?.Values ?? Enumerable.Empty<string>()).Select(IPAddress.Parse);
        if (HasGateway) reserved = reserved.Append(Gateway);
        Addresses = new AddressPool(network, Prefix, ipam.IpRange is null ? null : IPNetwork.Parse(ipam.IpRange), reserved);
    }

    internal IPNetwork Prefix { get; }
    internal AddressFamily Family => Prefix.BaseAddress.AddressFamily;
    /// <summary>A bridge always has one. Elsewhere, what was not named belongs to nobody, and <see cref="Gateway"/> means nothing.</summary>
    internal bool HasGateway { get; }
    internal IPAddress Gateway { get; }
    internal AddressPool Addresses { get; }

    /// <param name="wished">As the user wrote it; empty takes the lowest that is free.</param>
    internal IPAddress Take(string? wished)
    {
        if (wished is null or "") return Addresses.Take();
        return IPAddress.TryParse(wished, out var address) && address.AddressFamily == Gateway.AddressFamily
            ? Addresses.Take(address)
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid {FamilyName(Gateway.AddressFamily)} address: {wished}");
    }

    internal static string FamilyName(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";

    internal static bool IsOf(string? subnetOrAddress, AddressFamily family) => (subnetOrAddress?.Contains(':') ?? false) == (family == AddressFamily.InterNetworkV6);
}

using System.Net;
using System.Net.Sockets;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>The addresses of one family on a bridge network.</summary>
internal sealed class Subnet
{
    internal Subnet(string network, NetworkIpamConfig ipam)
    {
        Prefix = IPNetwork.Parse(ipam.Subnet!);
        Gateway = IPAddress.Parse(ipam.Gateway!);
        var reserved = (ipam.AuxiliaryAddresses?.Values ?? Enumerable.Empty<string>()).Select(IPAddress.Parse).Append(Gateway);
        Addresses = new AddressPool(network, Prefix, ipam.IpRange is null ? null : IPNetwork.Parse(ipam.IpRange), reserved);
    }

    internal IPNetwork Prefix { get; }
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

using System.Net;
using Yun.DockerApi.Model;

namespace Yun.Commands.Networks;

/// <summary>Puts each range, gateway and auxiliary address to the subnet that holds it.</summary>
public static class IpamPools
{
    public static List<NetworkIpamPool> Join(IReadOnlyList<string> subnets, IReadOnlyList<string> ranges, IReadOnlyList<string> gateways, Dictionary<string, string> auxiliary)
    {
        if (subnets.Count < ranges.Count || subnets.Count < gateways.Count) throw new FailureException("every ip-range or gateway must have a corresponding subnet");
        var pools = new List<(IPNetwork Network, NetworkIpamPool Pool)>();
        foreach (var subnet in subnets)
        {
            var network = Network(subnet);
            if (pools.Any(p => p.Network.Contains(network.BaseAddress) || network.Contains(p.Network.BaseAddress))) throw new FailureException("multiple overlapping subnet configuration is not supported");
            pools.Add((network, new NetworkIpamPool { Subnet = subnet }));
        }
        foreach (var range in ranges)
        {
            var pool = Holder(Network(range).BaseAddress, $"no matching subnet for range {range}");
            if (pool.IpRange is not null) throw new FailureException($"cannot configure multiple ranges ({range}, {pool.IpRange}) on the same subnet ({pool.Subnet})");
            pool.IpRange = range;
        }
        foreach (var gateway in gateways)
        {
            var pool = Holder(Address(gateway), $"no matching subnet for gateway {gateway}");
            if (pool.Gateway is not null) throw new FailureException($"cannot configure multiple gateways ({gateway}, {pool.Gateway}) for the same subnet ({pool.Subnet})");
            pool.Gateway = gateway;
        }
        foreach (var (name, address) in auxiliary) (Holder(Address(address), $"no matching subnet for aux-address {address}").AuxiliaryAddresses ??= [])[name] = address;
        return pools.ConvertAll(p => p.Pool);

        NetworkIpamPool Holder(IPAddress address, string otherwise) =>
            pools.Find(p => p.Network.BaseAddress.AddressFamily == address.AddressFamily && p.Network.Contains(address)).Pool ?? throw new FailureException(otherwise);
    }

    private static IPAddress Address(string text) => IPAddress.TryParse(text, out var address) ? address : throw new FailureException($"invalid IP address: {text}");

    // 10.1.2.3/16 is taken for 10.1.0.0/16: what it means is for the daemon to say.
    private static IPNetwork Network(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(text[..slash], out var address) || !int.TryParse(text[(slash + 1)..], out var length) || length < 0) throw new FailureException($"invalid CIDR address: {text}");
        var bytes = address.GetAddressBytes();
        if (length > bytes.Length * 8) throw new FailureException($"invalid CIDR address: {text}");
        for (var bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), length);
    }
}

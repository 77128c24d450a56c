using System.Net;
using System.Security.Cryptography;
using System.Text;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>Picks subnets for networks that ask for none, around all that the machine already reaches.</summary>
public static class SubnetPool
{
    private const int UniqueLocalSubnets = 65536;

    // Docker's local default: 172.17 to 172.31 by /16, then 192.168 by /20.
    private static readonly IPNetwork[] s_subnets =
    [
        .. Enumerable.Range(17, 15).Select(second => new IPNetwork(new IPAddress([172, (byte)second, 0, 0]), 16)),
        .. Enumerable.Range(0, 16).Select(block => new IPNetwork(new IPAddress([192, 168, (byte)(block * 16), 0]), 20)),
    ];

    /// <param name="taken">Subnets of other networks, and of the host's routes and addresses.</param>
    /// <param name="pools">Where from; Docker's own where there are none.</param>
    public static IPNetwork Pick(IReadOnlyCollection<IPNetwork> taken, params IReadOnlyList<AddressPoolBase> pools) => Pick(pools.Count > 0 ? pools.SelectMany(pool => pool.Subnets()) : s_subnets, taken);

    /// <summary>One of the unique local /64 (RFC 4193) of the /48 that belongs to <paramref name="owner"/>: the same each time, and another than any other owner's.</summary>
    /// <param name="pools">Where from instead, if there are any.</param>
    public static IPNetwork PickIpv6(IReadOnlyCollection<IPNetwork> taken, string owner, params IReadOnlyList<AddressPoolBase> pools)
    {
        if (pools.Count > 0) return Pick(pools.SelectMany(pool => pool.Subnets()), taken);
        var site = SHA256.HashData(Encoding.UTF8.GetBytes(owner))[..5];
        return Pick(Enumerable.Range(0, UniqueLocalSubnets).Select(number => new IPNetwork(new IPAddress([0xfd, .. site, (byte)(number >> 8), (byte)number, 0, 0, 0, 0, 0, 0, 0, 0]), 64)), taken);
    }

    public static bool Overlap(IPNetwork one, IPNetwork other) => one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress);

    private static IPNetwork Pick(IEnumerable<IPNetwork> candidates, IReadOnlyCollection<IPNetwork> taken)
    {
        foreach (var subnet in candidates)
            if (!taken.Any(other => Overlap(subnet, other))) return subnet;
        throw new EngineException(ErrorKind.InvalidArgument, "all predefined address pools have been fully subnetted");
    }
}

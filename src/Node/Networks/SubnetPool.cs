using System.Net;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>Picks subnets for networks that ask for none, from Docker's own pools, around all that the machine already reaches.</summary>
public static class SubnetPool
{
    // Docker's local default: 172.17 to 172.31 by /16, then 192.168 by /20.
    private static readonly IPNetwork[] s_subnets =
    [
        .. Enumerable.Range(17, 15).Select(second => new IPNetwork(new IPAddress([172, (byte)second, 0, 0]), 16)),
        .. Enumerable.Range(0, 16).Select(block => new IPNetwork(new IPAddress([192, 168, (byte)(block * 16), 0]), 20)),
    ];

    /// <param name="taken">Subnets of other networks, and of the host's routes and addresses.</param>
    public static IPNetwork Pick(IReadOnlyCollection<IPNetwork> taken)
    {
        foreach (var subnet in s_subnets)
            if (!taken.Any(other => Overlap(subnet, other))) return subnet;
        throw new EngineException(ErrorKind.InvalidArgument, "all predefined address pools have been fully subnetted");
    }

    public static bool Overlap(IPNetwork one, IPNetwork other) => one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress);
}

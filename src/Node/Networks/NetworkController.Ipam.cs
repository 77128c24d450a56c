using System.Net;
using System.Net.Sockets;
using Yun.Linux.Netlink;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>One configuration for each family that is wanted; those of a family that is not have no effect, as with Docker.</summary>
    private List<NetworkIpamConfig> CompleteIpam(Network wish, bool isBridge)
    {
        if (wish is { EnableIpv4: false, EnableIpv6: false }) throw new EngineException(ErrorKind.InvalidArgument, "IPv4 or IPv6 must be enabled");
        if (wish.EnableIpv6 && !PortTable.HostHasIpv6) throw new EngineException(ErrorKind.InvalidArgument, "IPv6 is switched off on this machine (net.ipv6.conf.all.disable_ipv6): leave out --ipv6, or switch it on.");
        var configs = new List<NetworkIpamConfig>();
        foreach (var family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            // What names no subnet, but perhaps a gateway, is of IPv4.
            var asked = wish.Ipam.Config.Where(config => Subnet.IsOf(config.Subnet ?? config.Gateway, family)).ToList();
            if (!(family == AddressFamily.InterNetwork ? wish.EnableIpv4 : wish.EnableIpv6))
            {
                // Kept for inspect, and without effect.
                configs.AddRange(asked);
                continue;
            }
            if (isBridge && asked.Count > 1) throw new EngineException(ErrorKind.InvalidArgument, $"bridge driver doesn't support multiple subnets: a network with several {Subnet.FamilyName(family)} subnets is one of macvlan or ipvlan");
            if (asked.Count == 0) asked.Add(new NetworkIpamConfig());
            foreach (var config in asked)
            {
                var complete = Complete(config, family);
                // Whose gateway nobody named is on a network that others run, where any address may be somebody's.
                if (!isBridge && config.Gateway is not { Length: > 0 }) complete.Gateway = null;
                configs.Add(complete);
            }
        }
        return configs;
    }

    private NetworkIpamConfig Complete(NetworkIpamConfig config, AddressFamily family)
    {
        var subnet = config.Subnet is { Length: > 0 } text ? ParseSubnet(text)
            : PickSubnet(family);
        if (config.Subnet is { Length: > 0 } && _local.Values.SelectMany(other => other.Subnets).Any(other => SubnetPool.Overlap(other.Prefix, subnet)))
            throw new EngineException(ErrorKind.Forbidden, "invalid pool request: Pool overlaps with other one on this address space");
        if (config.IpRange is { Length: > 0 } range && !(ParseSubnet(range) is var parsed && subnet.Contains(parsed.BaseAddress) && parsed.PrefixLength >= subnet.PrefixLength))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid ip-range {range}: it is not within the subnet {subnet}");
        var gateway = config.Gateway is { Length: > 0 } asGateway ? ParseWithin(subnet, asGateway, "gateway") : AddressPool.At(subnet, 1);
        foreach (var (name, address) in config.AuxiliaryAddresses ?? []) ParseWithin(subnet, address, $"auxiliary address {name}");
        return new NetworkIpamConfig
        {
            Subnet = subnet.ToString(), Gateway = gateway.ToString(), AuxiliaryAddresses = config.AuxiliaryAddresses,
            IpRange = config.IpRange is { Length: > 0 } ? ParseSubnet(config.IpRange).ToString() : null,
        };
    }

    private IPNetwork PickSubnet(AddressFamily family)
    {
        List<AddressPoolBase> pools = [.. _options.AddressPools.Where(pool => pool.Base.BaseAddress.AddressFamily == family)];
        return family == AddressFamily.InterNetworkV6 ? SubnetPool.PickIpv6(TakenSubnets(family), _options.DataRoot, pools) : SubnetPool.Pick(TakenSubnets(family), pools);
    }

    private List<IPNetwork> TakenSubnets(AddressFamily family)
    {
        using var route = new RouteSocket();
        return
        [
            .. _local.Values.SelectMany(bridge => bridge.Subnets).Select(subnet => subnet.Prefix),
            .. route.RoutedNetworks(family).Where(network => network.PrefixLength > 0),
            .. route.Addresses(family).Select(address => AddressPool.NetworkOf(address.Address, address.PrefixLength)),
        ];
    }

    private static IPNetwork ParseSubnet(string text)
    {
        var parts = text.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out var address) || !int.TryParse(parts[1], out var length) || length < 0 || length > address.GetAddressBytes().Length * 8)
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid subnet {text}: invalid CIDR address: {text}");
        if (length == 0 || length > address.GetAddressBytes().Length * 8 - 2) throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid subnet {text}: a network needs two addresses at least");
        var network = AddressPool.NetworkOf(address, length);
        return network.BaseAddress.Equals(address) ? network : throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid subnet {text}: it should be {network}");
    }

    private static IPAddress ParseWithin(IPNetwork subnet, string text, string what) =>
        IPAddress.TryParse(text, out var address) && subnet.Contains(address)
            ? address
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid {what} {text}: parent subnet {subnet} does not contain it");
}

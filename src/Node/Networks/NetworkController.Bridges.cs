using System.Net;
using System.Net.Sockets;
using Yun.Linux;
using Yun.Linux.Netlink;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>Makes the bridge of a network as it should be, whatever is there of it.</summary>
    private static void RaiseBridge(LocalNetwork network)
    {
        var definition = network.Definition;
        using var route = new RouteSocket();
        var link = route.FindLink(definition.Bridge);
        if (definition.BridgeIsForeign)
        {
            network.BridgeIndex = link is { Kind: "bridge" } ? link.Index : throw new EngineException(ErrorKind.InvalidArgument, $"The bridge {definition.Bridge} does not exist, or is another kind of interface.");
            route.Execute(AddAddresses(new RouteRequest(), link.Index, network).SetUp(definition.Bridge));
            return;
        }
        if (link is null)
        {
            route.Execute(new RouteRequest().AddBridge(definition.Bridge, MacAddress.Of(network.Subnets[0].Gateway), network.Mtu));
            link = route.FindLink(definition.Bridge);
        }
        if (link is not { Kind: "bridge" }) throw new EngineException(ErrorKind.Conflict, $"The interface {definition.Bridge} exists and is not a bridge.");
        // No address that a router's advertisement could give the host, and in a network of IPv4 no IPv6 at all.
        Configure($"ipv6/conf/{definition.Bridge}/accept_ra", "0");
        Configure($"ipv6/conf/{definition.Bridge}/disable_ipv6", network.Ipv6 is null ? "1" : "0");
        // While the kernel waits a second for objections to the bridge's link-local address, it would ask for no container's.
        Configure($"ipv6/conf/{definition.Bridge}/accept_dad", "0");
        var request = AddAddresses(new RouteRequest(), link.Index, network);
        route.Execute(link.IsUp ? request : request.SetUp(definition.Bridge));
        network.BridgeIndex = link.Index;
    }

    private static RouteRequest AddAddresses(RouteRequest request, int index, LocalNetwork network)
    {
        foreach (var subnet in network.Subnets) request.AddAddress(index, subnet.Gateway, subnet.Prefix.PrefixLength);
        return request;
    }

    private static int FindBridge(string name)
    {
        using var route = new RouteSocket();
        return route.FindLink(name)?.Index ?? 0;
    }

    private static void LowerBridge(Network network)
    {
        if (network.Bridge == "" || network.BridgeIsForeign) return;
        using var route = new RouteSocket();
        DeleteLink(route, network.Bridge);
    }

    private static void DeleteLink(RouteSocket route, string name)
    {
        try { route.Execute(new RouteRequest().DeleteLink(name)); }
        catch (SyscallException error) when (error.Errno == Errno.ENODEV) { }
    }

    /// <summary>Packets pass from one interface to another only where the kernel is told so.</summary>
    private static void EnableForwarding()
    {
        const string Switch = "/proc/sys/net/ipv4/ip_forward";
        if (File.ReadAllText(Switch).Trim() == "0") File.WriteAllText(Switch, "1");
    }

    /// <summary>As <see cref="EnableForwarding"/>, for the first network that has IPv6. A machine that forwards no longer listens to routers, unless told to: those of its interfaces that did, go on.</summary>
    private static void EnableIpv6Forwarding()
    {
        const string All = "/proc/sys/net/ipv6/conf";
        if (File.ReadAllText($"{All}/all/forwarding").Trim() == "1") return;
        foreach (var link in Directory.GetDirectories(All).Where(directory => Path.GetFileName(directory) is not "all"))
            if (File.ReadAllText($"{link}/accept_ra").Trim() == "1" && File.ReadAllText($"{link}/forwarding").Trim() == "0") File.WriteAllText($"{link}/accept_ra", "2");
        File.WriteAllText($"{All}/all/forwarding", "1");
    }

    private static bool BridgedPacketsMeetFirewall()
    {
        const string Switch = "/proc/sys/net/bridge/bridge-nf-call-iptables";
        return File.Exists(Switch) && File.ReadAllText(Switch).Trim() == "1";
    }

    private static void Configure(string setting, string value)
    {
        var path = $"/proc/sys/net/{setting}";
        if (File.Exists(path)) File.WriteAllText(path, value);
    }

    /// <summary>Where a wanted default bridge stands: address as told, as found on a bridge that exists, or free.</summary>
    private (IPNetwork Subnet, IPAddress Gateway, bool IsForeign) PlaceDefaultBridge(string bridge)
    {
        if (_options.BridgeAddress is { Length: > 0 } text)
        {
            var parts = text.Split('/');
            if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out var address) || address.AddressFamily != AddressFamily.InterNetwork || !int.TryParse(parts[1], out var length) || length is < 1 or > 30)
                throw new EngineException(ErrorKind.InvalidArgument, $"\"{text}\" is not an address with a prefix length, as --bip wants it.");
            return (AddressPool.NetworkOf(address, length), address, false);
        }
        using var route = new RouteSocket();
        if (_options.Bridge is not null && route.FindLink(bridge) is { Kind: "bridge" } link && route.Addresses().FirstOrDefault(address => address.Index == link.Index) is { Address: not null } found)
            return (AddressPool.NetworkOf(found.Address, found.PrefixLength), found.Address, true);
        var subnet = PickSubnet(AddressFamily.InterNetwork);
        return (subnet, AddressPool.At(subnet, 1), false);
    }
}

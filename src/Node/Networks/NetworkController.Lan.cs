using System.Net.NetworkInformation;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Netlink;
using Yun.Protocol;

namespace Yun.Node.Networks;

// macvlan and ipvlan: a container's interface stands on one of the machine's, the parent, and is a neighbour of whoever is on that wire. Where no parent is named,
// one end of a pair of ours is it, and the network leads nowhere.
public sealed partial class NetworkController
{
    /// <summary>Looks the options over and finds out whose the parent is.</summary>
    private void PlaceOnLan(Network network)
    {
        _ = (LanOption.MacvlanMode(network), LanOption.IpvlanMode(network), LanOption.IpvlanFlags(network));
        if (LanOption.ParentOf(network) is not { } parent) return;
        var tagged = LanOption.TaggedPart(parent);
        network.Bridge = parent;
        network.BridgeIsForeign = FindBridge(parent) != 0;
        if (!network.BridgeIsForeign && (tagged is not { } part || FindBridge(part.Interface) == 0))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid subinterface vlan name {parent}, example formatting is eth0.10: this machine has no such interface");
        foreach (var other in _local.Values.Where(other => other.Definition.Bridge == parent))
        {
            if (network.Driver == NetworkNames.Ipvlan || other.Definition.Driver != network.Driver || LanOption.IsPassthru(network) || LanOption.IsPassthru(other.Definition))
                throw new EngineException(ErrorKind.Forbidden, $"network {other.Definition.Name} is already using parent interface {parent}");
            // Who made it does not matter to the one that comes later: it goes with the last.
            network.BridgeIsForeign = other.Definition.BridgeIsForeign;
        }
    }

    /// <summary>Makes the parent where there is none, and notes its number.</summary>
    private void RaiseParent(LocalNetwork network)
    {
        var definition = network.Definition;
        using var route = new RouteSocket();
        if (route.FindLink(definition.Bridge) is null)
        {
            try
            {
                if (LanOption.ParentOf(definition) is not { } parent) AddPair(route, definition);
                else if (LanOption.TaggedPart(parent) is { } part && route.FindLink(part.Interface) is { } whole) route.Execute(new RouteRequest().AddVlan(parent, whole.Index, part.Tag));
                else throw new EngineException(ErrorKind.InvalidArgument, $"The interface {parent}, the parent of network {definition.Name}, does not exist.");
            }
            catch (SyscallException error) when (error.Errno == Errno.EOPNOTSUPP) { throw NotInKernel("vlan", error); }
        }
        route.Execute(new RouteRequest().SetUp(definition.Bridge));
        network.BridgeIndex = route.FindLink(definition.Bridge)?.Index ?? throw new EngineException(ErrorKind.Internal, $"The interface {definition.Bridge}, the parent of network {definition.Name}, is gone.");
    }

    /// <summary>As the daemon starts: a parent that is not there now, such as one that comes with a plug, keeps nothing else from starting.</summary>
    private void TakeUpParent(LocalNetwork network)
    {
        try { RaiseParent(network); }
        catch (Exception error) when (error is EngineException or SyscallException) { _log.Warn($"Network {network.Definition.Name} has no parent at present: {error.Message}"); }
    }

    private void AddPair(RouteSocket route, Network network)
    {
        using var here = File.OpenHandle("/proc/self/ns/net");
        var far = _names.FarEnd(network.Id);
        route.Execute(new RouteRequest().AddVeth(network.Bridge, far, here, new PhysicalAddress([0x02, 0x42, .. Convert.FromHexString(network.Id[..8])]), 1500, 0).WithoutIpv6Address(network.Bridge).WithoutIpv6Address(far).SetUp(far));
    }

    /// <summary>Takes away what was made for a network; a parent that another network still stands on stays for it.</summary>
    private void Lower(Network network)
    {
        if (network.Driver == NetworkNames.Bridge || !_local.Values.Any(other => other.Definition.Id != network.Id && other.Definition.Bridge == network.Bridge)) LowerBridge(network);
    }

    private static void RequireOnLan(AttachmentRecord record, LocalNetwork network, PhysicalAddress? address)
    {
        if (record.MachineUser != 0) throw new EngineException(ErrorKind.NotImplemented, $"A virtual machine cannot be on network {network.Definition.Name}, for its driver is {network.Definition.Driver}: it can be on bridge networks.");
        if (network.Definition.Driver == NetworkNames.Ipvlan && address is not null) throw new EngineException(ErrorKind.InvalidArgument, "ipvlan interfaces do not support custom mac address assignment");
    }

    /// <summary>The interface of a container, made where it belongs: on the machine nobody sees it.</summary>
    private void RaiseOnLan(SafeFileHandle space, RouteSocket host, LocalNetwork network, EndpointRecord endpoint)
    {
        var definition = network.Definition;
        if (host.FindLink(definition.Bridge)?.Index is not { } parent || parent != network.BridgeIndex) RaiseParent(network);
        int? mtu = definition.Options.ContainsKey(NetworkOption.Mtu) ? network.Mtu : null;
        try
        {
            host.Execute(definition.Driver == NetworkNames.Ipvlan
                ? new RouteRequest().AddIpvlan(endpoint.Interface, network.BridgeIndex, space, mtu, LanOption.IpvlanMode(definition), LanOption.IpvlanFlags(definition))
                : new RouteRequest().AddMacvlan(endpoint.Interface, network.BridgeIndex, space, MacAddress.Parse(endpoint.MacAddress), mtu, LanOption.MacvlanMode(definition)));
        }
        catch (SyscallException error) when (error.Errno == Errno.EOPNOTSUPP) { throw NotInKernel(definition.Driver, error); }
    }

    private void RaiseMissingOnLan(Attachment attachment, EndpointRecord endpoint)
    {
        if (!endpoint.HasInterface) return;
        using var inside = new RouteSocket(attachment.Namespace!);
        if (inside.FindLink(endpoint.Interface) is not null) return;
        RaiseEndpoint(attachment.Namespace!, inside, endpoint, attachment.Record.MachineUser);
        SetGateways(inside, attachment.Record);
    }

    private static EngineException NotInKernel(string kind, SyscallException error) =>
        new(ErrorKind.NotImplemented, $"This machine's kernel has no {kind} interfaces (CONFIG_{(kind == "vlan" ? "VLAN_8021Q" : kind.ToUpperInvariant())}): load its module {(kind == "vlan" ? "8021q" : kind)}, or use a bridge network.", error);
}

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Netlink;

/// <summary>Changes to links, addresses and routes that are sent to the kernel together.</summary>
public sealed class RouteRequest
{
    private const NetlinkFlags Make = NetlinkFlags.Acknowledge | NetlinkFlags.Create | NetlinkFlags.Exclusive;
    private const byte NoAutomaticAddress = 1;

    internal NetlinkRequest Messages { get; } = new();

    public RouteRequest AddBridge(string name, PhysicalAddress address, int mtu)
    {
        var writer = BeginLink(RouteMessage.NewLink, Make, "create bridge", name);
        writer.Attribute(LinkAttribute.Name, name);
        writer.Attribute(LinkAttribute.Address, address.GetAddressBytes());
        writer.Attribute(LinkAttribute.Mtu, (uint)mtu);
        var info = writer.OpenNest(LinkAttribute.LinkInfo);
        writer.Attribute(LinkAttribute.InfoKind, "bridge");
        writer.CloseNest(info);
        writer.End();
        return this;
    }

    /// <summary>A pair of interfaces: one here, up and on a bridge, the other in a namespace and down, for it can be set up only when the pair is whole.</summary>
    /// <param name="master">Index of the bridge, or 0.</param>
    public RouteRequest AddVeth(string name, string peerName, SafeFileHandle peerNamespace, PhysicalAddress peerAddress, int mtu, int master)
    {
        var writer = BeginLink(RouteMessage.NewLink, Make, "create veth", name, flags: LinkAttribute.Up);
        writer.Attribute(LinkAttribute.Name, name);
        writer.Attribute(LinkAttribute.Mtu, (uint)mtu);
        if (master != 0) writer.Attribute(LinkAttribute.Master, (uint)master);
        var info = writer.OpenNest(LinkAttribute.LinkInfo);
        writer.Attribute(LinkAttribute.InfoKind, "veth");
        var data = writer.OpenNest(LinkAttribute.InfoData);
        var peer = writer.OpenNest(LinkAttribute.VethPeer);
        writer.Put(default(LinkHeader));
        writer.Attribute(LinkAttribute.Name, peerName);
        writer.Attribute(LinkAttribute.Address, peerAddress.GetAddressBytes());
        writer.Attribute(LinkAttribute.Mtu, (uint)mtu);
        writer.Attribute(LinkAttribute.NamespaceDescriptor, (uint)peerNamespace.DangerousGetHandle());
        writer.CloseNest(peer);
        writer.CloseNest(data);
        writer.CloseNest(info);
        writer.End();
        return this;
    }

    /// <summary>An interface on top of another, which shares its wire; it is made in a namespace, and is down.</summary>
    /// <param name="mode">1 private, 2 vepa, 4 bridge, 8 passthru (if_link.h, macvlan_mode).</param>
    public RouteRequest AddMacvlan(string name, int parent, SafeFileHandle space, PhysicalAddress address, int? mtu, uint mode) =>
        AddUpper("macvlan", name, parent, space, mtu, address, data => data.Attribute(LinkAttribute.MacvlanMode, mode));

    /// <summary>As <see cref="AddMacvlan"/>, with the parent's own hardware address.</summary>
    /// <param name="mode">0 is layer 2, 1 layer 3, 2 layer 3 with the host's filters.</param>
    /// <param name="flags">0 bridge, 1 private, 2 vepa.</param>
    public RouteRequest AddIpvlan(string name, int parent, SafeFileHandle space, int? mtu, ushort mode, ushort flags) => AddUpper("ipvlan", name, parent, space, mtu, null, data =>
    {
        data.Attribute(LinkAttribute.IpvlanMode, BitConverter.GetBytes(mode));
        data.Attribute(LinkAttribute.IpvlanFlags, BitConverter.GetBytes(flags));
    });

    /// <summary>The part of another interface's traffic that bears a tag of 802.1Q.</summary>
    public RouteRequest AddVlan(string name, int parent, ushort tag) => AddUpper("vlan", name, parent, null, null, null, data => data.Attribute(LinkAttribute.VlanId, BitConverter.GetBytes(tag)));

    private RouteRequest AddUpper(string kind, string name, int parent, SafeFileHandle? space, int? mtu, PhysicalAddress? address, Action<NetlinkWriter> data)
    {
        var writer = BeginLink(RouteMessage.NewLink, Make, $"create {kind}", name);
        writer.Attribute(LinkAttribute.Name, name);
        writer.Attribute(LinkAttribute.Parent, (uint)parent);
        if (mtu is { } bytes) writer.Attribute(LinkAttribute.Mtu, (uint)bytes);
        if (address is not null) writer.Attribute(LinkAttribute.Address, address.GetAddressBytes());
        if (space is not null) writer.Attribute(LinkAttribute.NamespaceDescriptor, (uint)space.DangerousGetHandle());
        var info = writer.OpenNest(LinkAttribute.LinkInfo);
        writer.Attribute(LinkAttribute.InfoKind, kind);
        var nest = writer.OpenNest(LinkAttribute.InfoData);
        data(writer);
        writer.CloseNest(nest);
        writer.CloseNest(info);
        writer.End();
        return this;
    }

    public RouteRequest SetUp(string name)
    {
        var writer = BeginLink(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "set up", name, flags: LinkAttribute.Up);
        writer.Attribute(LinkAttribute.Name, name);
        writer.End();
        return this;
    }

    public RouteRequest SetMaster(string name, int master)
    {
        var writer = BeginLink(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "set bridge of", name);
        writer.Attribute(LinkAttribute.Name, name);
        writer.Attribute(LinkAttribute.Master, (uint)master);
        writer.End();
        return this;
    }

    /// <param name="isolated">It reaches the bridge itself and no other isolated port.</param>
    /// <param name="hairpin">What comes in may go out again on the same port.</param>
    public RouteRequest SetBridgePort(string name, bool isolated, bool hairpin)
    {
        var writer = BeginLink(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "set bridge port", name);
        writer.Attribute(LinkAttribute.Name, name);
        var info = writer.OpenNest(LinkAttribute.LinkInfo);
        writer.Attribute(LinkAttribute.InfoPortKind, "bridge");
        var data = writer.OpenNest(LinkAttribute.InfoPortData);
        writer.Attribute(LinkAttribute.BridgePortIsolated, (byte)(isolated ? 1 : 0));
        writer.Attribute(LinkAttribute.BridgePortHairpin, (byte)(hairpin ? 1 : 0));
        writer.CloseNest(data);
        writer.CloseNest(info);
        writer.End();
        return this;
    }

    /// <summary>What comes in on the port does not say where its sender is: frames to it go to all ports that have not said otherwise.</summary>
    public RouteRequest SetBridgePortUnlearning(string name)
    {
        var writer = BeginLink(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "set bridge port", name);
        writer.Attribute(LinkAttribute.Name, name);
        var info = writer.OpenNest(LinkAttribute.LinkInfo);
        writer.Attribute(LinkAttribute.InfoPortKind, "bridge");
        var data = writer.OpenNest(LinkAttribute.InfoPortData);
        writer.Attribute(LinkAttribute.BridgePortLearning, (byte)0);
        writer.CloseNest(data);
        writer.CloseNest(info);
        writer.End();
        return this;
    }

    /// <summary>A port that forwards nothing in either direction, and whose addresses the bridge has forgotten.</summary>
    public RouteRequest DisableBridgePort(string name)
    {
        var writer = BeginLink(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "disable bridge port", name);
        writer.Attribute(LinkAttribute.Name, name);
        var info = writer.OpenNest(LinkAttribute.LinkInfo);
        writer.Attribute(LinkAttribute.InfoPortKind, "bridge");
        var data = writer.OpenNest(LinkAttribute.InfoPortData);
        writer.Attribute(LinkAttribute.BridgePortState, (byte)0);
        writer.Attribute(LinkAttribute.BridgePortFlush, []);
        writer.CloseNest(data);
        writer.CloseNest(info);
        writer.End();
        return this;
    }

    /// <summary>The interface makes no IPv6 link-local address for itself.</summary>
    public RouteRequest WithoutIpv6Address(string name)
    {
        var writer = BeginLink(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "set IPv6 address mode of", name);
        writer.Attribute(LinkAttribute.Name, name);
        var families = writer.OpenNest(LinkAttribute.AddressFamilies);
        var inet6 = writer.OpenNest(NetlinkNative.AfInet6);
        writer.Attribute(LinkAttribute.Inet6AddressGeneration, NoAutomaticAddress);
        writer.CloseNest(inet6);
        writer.CloseNest(families);
        writer.End();
        return this;
    }

    /// <summary>Gives an interface another name, while it is down.</summary>
    public RouteRequest Rename(int index, string name)
    {
        var writer = Messages.Begin(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "rename interface", name);
        writer.Put(new LinkHeader { Index = index });
        writer.Attribute(LinkAttribute.Name, name);
        writer.End();
        return this;
    }

    /// <summary>Gives an interface another hardware address, while it is down.</summary>
    public RouteRequest SetHardwareAddress(int index, PhysicalAddress address)
    {
        var writer = Messages.Begin(RouteMessage.NewLink, NetlinkFlags.Acknowledge, "set hardware address of interface", $"{index}");
        writer.Put(new LinkHeader { Index = index });
        writer.Attribute(LinkAttribute.Address, address.GetAddressBytes());
        writer.End();
        return this;
    }

    /// <summary>Removes an interface; of a veth pair, both.</summary>
    public RouteRequest DeleteLink(string name)
    {
        var writer = BeginLink(RouteMessage.DeleteLink, NetlinkFlags.Acknowledge, "delete interface", name);
        writer.Attribute(LinkAttribute.Name, name);
        writer.End();
        return this;
    }

    /// <summary>An IPv6 address is ours at once: nobody else on these networks hands any out, so neighbours are not asked whether they have it.</summary>
    public RouteRequest AddAddress(int index, IPAddress address, int prefixLength)
    {
        var isIpv6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        var writer = Messages.Begin(RouteMessage.NewAddress, NetlinkFlags.Acknowledge | NetlinkFlags.Create | NetlinkFlags.Replace, "add address", $"{address}/{prefixLength}");
        writer.Put(new AddressHeader { Family = NetlinkNative.FamilyOf(address), PrefixLength = (byte)prefixLength, Flags = isIpv6 ? AddressHeader.WithoutDuplicateDetection : (byte)0, Index = index });
        writer.Attribute(AddressHeader.Local, address.GetAddressBytes());
        writer.Attribute(AddressHeader.Address, address.GetAddressBytes());
        if (!isIpv6 && prefixLength < 31) writer.Attribute(AddressHeader.Broadcast, BroadcastOf(address, prefixLength));
        writer.End();
        return this;
    }

    public RouteRequest AddDefaultRoute(IPAddress gateway, int index) =>
        AddRoute(new IPNetwork(gateway.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0), gateway, index);

    /// <summary>All that is not elsewhere goes out of an interface as it is, for whoever is behind it.</summary>
    public RouteRequest AddDefaultRoute(AddressFamily family, int index)
    {
        var writer = Messages.Begin(RouteMessage.NewRoute, NetlinkFlags.Acknowledge | NetlinkFlags.Create | NetlinkFlags.Replace, "add route", "default by an interface");
        writer.Put(new RouteHeader { Family = NetlinkNative.FamilyOf(family), TableNumber = RouteHeader.MainTable, Protocol = RouteHeader.ProtocolBoot, Scope = RouteHeader.ScopeLink, Type = RouteHeader.TypeUnicast });
        writer.Attribute(RouteHeader.Output, (uint)index);
        writer.End();
        return this;
    }

    public RouteRequest AddRoute(IPNetwork destination, IPAddress gateway, int index)
    {
        var writer = Messages.Begin(RouteMessage.NewRoute, NetlinkFlags.Acknowledge | NetlinkFlags.Create | NetlinkFlags.Replace, "add route", destination.PrefixLength == 0 ? $"default by {gateway}" : $"{destination} by {gateway}");
        writer.Put(new RouteHeader
        {
            Family = NetlinkNative.FamilyOf(gateway), DestinationLength = (byte)destination.PrefixLength, TableNumber = RouteHeader.MainTable, Protocol = RouteHeader.ProtocolBoot, Scope = RouteHeader.ScopeUniverse, Type = RouteHeader.TypeUnicast,
        });
        if (destination.PrefixLength > 0) writer.Attribute(RouteHeader.Destination, destination.BaseAddress.GetAddressBytes());
        writer.Attribute(RouteHeader.Gateway, gateway.GetAddressBytes());
        writer.Attribute(RouteHeader.Output, (uint)index);
        writer.End();
        return this;
    }

    private NetlinkWriter BeginLink(int type, NetlinkFlags options, string call, string name, uint flags = 0)
    {
        var writer = Messages.Begin(type, options, call, name);
        writer.Put(new LinkHeader { Flags = flags, Change = flags });
        return writer;
    }

    private static byte[] BroadcastOf(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixLength; bit < 32; bit++) bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return bytes;
    }
}

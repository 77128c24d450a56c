using System.Net;
using System.Runtime.InteropServices;

namespace Yun.Linux.Netlink;

// Numbers and fixed headers of linux/rtnetlink.h, if_link.h and if_addr.h.

internal static class RouteMessage
{
    internal const int NewLink = 16, DeleteLink = 17, GetLink = 18, NewAddress = 20, DeleteAddress = 21, GetAddress = 22, NewRoute = 24, GetRoute = 26;
}

internal static class LinkAttribute
{
    internal const int Address = 1, Name = 3, Mtu = 4, Parent = 5, Master = 10, LinkInfo = 18, AddressFamilies = 26, Alias = 20, NamespaceDescriptor = 28;
    internal const int InfoKind = 1, InfoData = 2, InfoPortKind = 4, InfoPortData = 5;
    internal const int VethPeer = 1, BridgePortState = 1, BridgePortHairpin = 4, BridgePortLearning = 8, BridgePortFlush = 24, BridgePortIsolated = 33, Inet6AddressGeneration = 8;
    internal const int OperationalState = 16, MacvlanMode = 1, IpvlanMode = 1, IpvlanFlags = 2, VlanId = 1;
    internal const uint Up = 1, StateUnknown = 0, StateUp = 6;
}

[StructLayout(LayoutKind.Sequential)]
internal struct LinkHeader
{
    internal byte Family;
    internal byte Padding;
    internal ushort Type;
    internal int Index;
    internal uint Flags;
    internal uint Change;
}

[StructLayout(LayoutKind.Sequential)]
internal struct AddressHeader
{
    internal const int Address = 1, Local = 2, Broadcast = 4;
    internal const byte WithoutDuplicateDetection = 2;

    internal byte Family;
    internal byte PrefixLength;
    internal byte Flags;
    internal byte Scope;
    internal int Index;
}

[StructLayout(LayoutKind.Sequential)]
internal struct RouteHeader
{
    internal const int Destination = 1, Output = 4, Gateway = 5, Table = 15;
    internal const byte MainTable = 254, LocalTable = 255, ProtocolBoot = 3, ScopeUniverse = 0, ScopeLink = 253, TypeUnicast = 1;

    internal byte Family;
    internal byte DestinationLength;
    internal byte SourceLength;
    internal byte TypeOfService;
    internal byte TableNumber;
    internal byte Protocol;
    internal byte Scope;
    internal byte Type;
    internal uint Flags;

    internal static unsafe IPNetwork? Parse(ReadOnlySpan<byte> body)
    {
        if (body.Length < sizeof(RouteHeader)) return null;
        var header = MemoryMarshal.Read<RouteHeader>(body);
        if (header.Family is not (NetlinkNative.AfInet or NetlinkNative.AfInet6) || header.TableNumber == LocalTable) return null;
        var destination = header.Family == NetlinkNative.AfInet ? IPAddress.Any : IPAddress.IPv6Any;
        var bytes = destination.GetAddressBytes().Length;
        var attributes = new NetlinkAttributes(body[sizeof(RouteHeader)..]);
        while (attributes.Next())
            if (attributes.Type == Destination && attributes.Value.Length == bytes) destination = new IPAddress(attributes.Value);
        return new IPNetwork(destination, header.DestinationLength);
    }
}

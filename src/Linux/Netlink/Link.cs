using System.Net;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;

namespace Yun.Linux.Netlink;

/// <summary>A network interface.</summary>
/// <param name="Kind">bridge, veth…; empty for hardware.</param>
/// <param name="IsRunning">It is up and has a carrier, and the kernel has drawn its consequences: packets pass.</param>
/// <param name="Master">Index of the bridge it is a port of, or 0.</param>
public sealed record Link(int Index, string Name, string Kind, bool IsUp, bool IsRunning, int Mtu, int Master, PhysicalAddress Address)
{
    internal static unsafe Link Parse(ReadOnlySpan<byte> body)
    {
        var header = MemoryMarshal.Read<LinkHeader>(body);
        string name = "", kind = "";
        int mtu = 0, master = 0;
        var isRunning = false;
        var address = PhysicalAddress.None;
        var attributes = new NetlinkAttributes(body[sizeof(LinkHeader)..]);
        while (attributes.Next())
        {
            switch (attributes.Type)
            {
                case LinkAttribute.Name: name = attributes.Text; break;
                case LinkAttribute.OperationalState: isRunning = attributes.Number is LinkAttribute.StateUp or LinkAttribute.StateUnknown; break;
                case LinkAttribute.Mtu: mtu = (int)attributes.Number; break;
                case LinkAttribute.Master: master = (int)attributes.Number; break;
                case LinkAttribute.Address: address = new PhysicalAddress(attributes.Value.ToArray()); break;
                case LinkAttribute.LinkInfo: kind = KindOf(attributes.Value); break;
            }
        }
        return new Link(header.Index, name, kind, (header.Flags & LinkAttribute.Up) != 0, isRunning, mtu, master, address);
    }

    private static string KindOf(ReadOnlySpan<byte> info)
    {
        var attributes = new NetlinkAttributes(info);
        while (attributes.Next())
            if (attributes.Type == LinkAttribute.InfoKind) return attributes.Text;
        return "";
    }
}

/// <summary>An address on an interface.</summary>
public readonly record struct InterfaceAddress(int Index, IPAddress Address, int PrefixLength)
{
    internal static unsafe InterfaceAddress? Parse(ReadOnlySpan<byte> body)
    {
        if (body.Length < sizeof(AddressHeader)) return null;
        var header = MemoryMarshal.Read<AddressHeader>(body);
        var bytes = header.Family == NetlinkNative.AfInet ? 4 : 16;
        // On a point-to-point interface the local address is the second of the two.
        IPAddress? address = null, local = null;
        var attributes = new NetlinkAttributes(body[sizeof(AddressHeader)..]);
        while (attributes.Next())
        {
            if (attributes.Value.Length != bytes) continue;
            if (attributes.Type == AddressHeader.Address) address = new IPAddress(attributes.Value);
            if (attributes.Type == AddressHeader.Local) local = new IPAddress(attributes.Value);
        }
        return (local ?? address) is { } found ? new InterfaceAddress(header.Index, found, header.PrefixLength) : null;
    }
}

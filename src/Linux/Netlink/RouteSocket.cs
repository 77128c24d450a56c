using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Netlink;

/// <summary>Links, addresses and routes of one network namespace, by rtnetlink. Not for several threads at once.</summary>
public sealed class RouteSocket : IDisposable
{
    private readonly NetlinkSocket _socket;

    /// <summary>Acts on the namespace of the calling thread: the host's.</summary>
    public RouteSocket() => _socket = new NetlinkSocket(NetlinkFamily.Route);

    public RouteSocket(SafeFileHandle networkNamespace) => _socket = NetworkNamespace.OpenNetlink(networkNamespace, NetlinkFamily.Route);

    /// <exception cref="SyscallException">The first message that failed, by its own name; those after it were tried all the same.</exception>
    public void Execute(RouteRequest request) => _socket.Execute(request.Messages);

    public IReadOnlyList<Link> Links()
    {
        var links = new List<Link>();
        var request = new NetlinkRequest();
        var writer = request.Begin(RouteMessage.GetLink, NetlinkFlags.Dump, "list interfaces");
        writer.Put(default(LinkHeader));
        writer.End();
        _socket.Query(request, message => links.Add(Link.Parse(message.Body)));
        return links;
    }

    /// <summary>Null when there is no interface of that name.</summary>
    public Link? FindLink(string name)
    {
        Link? found = null;
        var request = new NetlinkRequest();
        var writer = request.Begin(RouteMessage.GetLink, NetlinkFlags.None, "find interface", name);
        writer.Put(default(LinkHeader));
        writer.Attribute(LinkAttribute.Name, name);
        writer.End();
        try { _socket.Query(request, message => found = Link.Parse(message.Body)); }
        catch (SyscallException error) when (error.Errno == Errno.ENODEV) { return null; }
        return found;
    }

    /// <summary>The addresses of all interfaces, of one family.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses(AddressFamily family = AddressFamily.InterNetwork)
    {
        var addresses = new List<InterfaceAddress>();
        var request = new NetlinkRequest();
        var writer = request.Begin(RouteMessage.GetAddress, NetlinkFlags.Dump, "list addresses");
        writer.Put(new AddressHeader { Family = NetlinkNative.FamilyOf(family) });
        writer.End();
        _socket.Query(request, message => { if (InterfaceAddress.Parse(message.Body) is { } address) addresses.Add(address); });
        return addresses;
    }

    /// <summary>Where packets of one family go, in all tables but the kernel's own of local addresses. The default route is among them, with a prefix of no length.</summary>
    public IReadOnlyList<IPNetwork> RoutedNetworks(AddressFamily family = AddressFamily.InterNetwork)
    {
        var networks = new List<IPNetwork>();
        var request = new NetlinkRequest();
        var writer = request.Begin(RouteMessage.GetRoute, NetlinkFlags.Dump, "list routes");
        writer.Put(new RouteHeader { Family = NetlinkNative.FamilyOf(family) });
        writer.End();
        _socket.Query(request, message => { if (RouteHeader.Parse(message.Body) is { } network) networks.Add(network); });
        return networks;
    }

    public void Dispose() => _socket.Dispose();
}

using System.Net;
using Microsoft.Win32.SafeHandles;
using Yun.Linux.Netlink;
using Yun.Node.Networks;

namespace Yun.Tests.Node.Networks;

/// <summary>Another machine on a wire to this one: a namespace and a pair of interfaces, gone when disposed of.</summary>
internal sealed class Neighbour : IDisposable
{
    internal const string Address = "198.51.100.2";
    internal const string Interface = "yuntest-wire";
    internal const string Ipv6Address = "2001:db8:51::2";

    internal Neighbour()
    {
        Namespace = NetworkNamespace.Create();
        using var host = new RouteSocket();
        host.Execute(new RouteRequest().AddVeth(Interface, "eth0", Namespace, MacAddress.Of(IPAddress.Parse(Address)), 1500, 0));
        host.Execute(new RouteRequest().AddAddress(host.FindLink(Interface)!.Index, IPAddress.Parse(HostAddress), 24));
        host.Execute(new RouteRequest().AddAddress(host.FindLink(Interface)!.Index, IPAddress.Parse(HostIpv6Address), 64));
        using var inside = new RouteSocket(Namespace);
        var index = inside.FindLink("eth0")!.Index;
        inside.Execute(new RouteRequest().SetUp("lo").AddAddress(index, IPAddress.Parse(Address), 24).AddAddress(index, IPAddress.Parse(Ipv6Address), 64).SetUp("eth0").AddDefaultRoute(IPAddress.Parse(HostAddress), index));
        // Until the kernel has noticed the carrier it drops what is sent, and asks for the address again only after a second.
        while (host.FindLink(Interface) is { IsRunning: false } || inside.FindLink("eth0") is { IsRunning: false }) Thread.Sleep(1);
    }

    internal SafeFileHandle Namespace { get; }

    /// <summary>This machine, as the neighbour knows it.</summary>
    internal string HostAddress { get; } = "198.51.100.1";
    internal string HostIpv6Address { get; } = "2001:db8:51::1";

    public void Dispose()
    {
        using (var host = new RouteSocket()) host.Execute(new RouteRequest().DeleteLink(Interface));
        Namespace.Dispose();
    }
}

[CollectionDefinition("host network", DisableParallelization = true)]
public sealed class HostNetworkCollection;

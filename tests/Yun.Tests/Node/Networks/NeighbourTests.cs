using System.Net;
using System.Net.Sockets;
using Yun.Linux.Netlink;

namespace Yun.Tests.Node.Networks;

/// <summary>What other machines see of the containers on this one.</summary>
[Collection("host network")]
public sealed class NeighbourTests
{
    [Theory, InlineData(SocketType.Stream), InlineData(SocketType.Dgram)]
    public async Task A_published_port_is_reached_and_the_container_sees_who_asks(SocketType type)
    {
        await using var machine = await Machine.StartAsync();
        using var neighbour = new Neighbour();
        var sandbox = await machine.AttachAsync("web", host: Machine.Publish(type == SocketType.Stream ? "80/tcp" : "80/udp", "18110"));
        using var server = Talk.Serve(sandbox.Namespace, 80, type);
        Assert.Equal(Neighbour.Address, await Talk.AskAsync(neighbour.Namespace, neighbour.HostAddress, 18110, type));
    }

    [Fact]
    public async Task A_container_reaches_the_world_under_the_hosts_address()
    {
        await using var machine = await Machine.StartAsync();
        using var neighbour = new Neighbour();
        var sandbox = await machine.AttachAsync("client");
        using var server = Talk.Serve(neighbour.Namespace, 80);
        Assert.Equal(neighbour.HostAddress, await Talk.AskAsync(sandbox.Namespace, Neighbour.Address, 80));
    }

    /// <summary>CVES.md row 85: a neighbour on the same wire adds a route to the containers' subnet by way of this host.</summary>
    [Fact]
    public async Task A_port_that_is_not_published_is_closed_to_a_neighbour_who_knows_the_way()
    {
        await using var machine = await Machine.StartAsync();
        using var neighbour = new Neighbour();
        var sandbox = await machine.AttachAsync("web", host: Machine.Publish("80/tcp", "18111"));
        using var published = Talk.Serve(sandbox.Namespace, 80);
        using var hidden = Talk.Serve(sandbox.Namespace, 81);
        // The neighbour's default route leads here already.
        Assert.Null(await Talk.AskAsync(neighbour.Namespace, sandbox.Endpoints["bridge"].IpAddress!, 81, waitMilliseconds: 300));
        Assert.Null(await Talk.AskAsync(neighbour.Namespace, sandbox.Endpoints["bridge"].IpAddress!, 80, waitMilliseconds: 300));
        Assert.NotNull(await Talk.AskAsync(neighbour.Namespace, neighbour.HostAddress, 18111));
    }

    /// <summary>CVES.md rows 85 and 90: a neighbour sends to 127.0.0.1 by way of this host.</summary>
    [Fact]
    public async Task A_port_published_on_loopback_is_closed_to_a_neighbour_who_sends_to_127_0_0_1()
    {
        await using var machine = await Machine.StartAsync();
        using var neighbour = new Neighbour();
        var sandbox = await machine.AttachAsync("web", host: Machine.Publish("80/udp", "18112", "127.0.0.1"));
        using var server = Talk.Serve(sandbox.Namespace, 80, SocketType.Dgram);
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18112, SocketType.Dgram));
        // Its own loopback is taken out of the way, and its kernel told to send such packets out of the wire.
        NetworkNamespace.Configure(neighbour.Namespace, new NetworkSetting("ipv4/conf/all/route_localnet", "1"), new NetworkSetting("ipv4/conf/eth0/route_localnet", "1"));
        using (var route = new RouteSocket(neighbour.Namespace)) route.Execute(new RouteRequest().AddRoute(IPNetwork.Parse("127.0.0.1/32"), IPAddress.Parse(neighbour.HostAddress), route.FindLink("eth0")!.Index));
        Assert.Null(await Talk.AskAsync(neighbour.Namespace, "127.0.0.1", 18112, SocketType.Dgram, waitMilliseconds: 300));
        Assert.Null(await Talk.AskAsync(neighbour.Namespace, neighbour.HostAddress, 18112, SocketType.Dgram, waitMilliseconds: 300));
    }

    /// <summary>CVES.md row 86: traffic that only passes through this host is not for its published ports.</summary>
    [Fact]
    public async Task Traffic_to_another_address_on_a_published_port_is_left_alone()
    {
        await using var machine = await Machine.StartAsync();
        using var neighbour = new Neighbour();
        var web = await machine.AttachAsync("web", host: Machine.Publish("80/tcp", "18113"));
        var client = await machine.AttachAsync("client");
        using var server = Talk.Serve(web.Namespace, 80);
        using var far = Talk.Serve(neighbour.Namespace, 18113);
        Assert.Equal(neighbour.HostAddress, await Talk.AskAsync(client.Namespace, Neighbour.Address, 18113));
    }
}

using System.Net.Sockets;
using Yun.Linux.Netlink;
using Yun.Node.Containers;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Tests.Node.Networks;

[Collection("host network")]
public sealed class Ipv6NetworkTests
{
    private const AddressFamily Ipv6 = AddressFamily.InterNetworkV6;

    [Fact]
    public async Task Containers_of_a_network_with_both_families_reach_each_other_the_gateway_and_the_world_by_both()
    {
        await using var machine = await StartAsync();
        using var outside = new Neighbour();
        await machine.Controller.CreateAsync(Dual());
        var one = await machine.AttachAsync("one", "dual");
        var two = await machine.AttachAsync("two", "dual");
        using var server = Talk.Serve(one.Namespace, 80);
        using var server6 = Talk.Serve(one.Namespace, 80, family: Ipv6);
        using var away = Talk.Serve(outside.Namespace, 80, family: Ipv6);
        var (mine, its) = (two.Endpoints["dual"], one.Endpoints["dual"]);
        Assert.Equal(("fd00:77::2", 64, "fd00:77::1"), (its.GlobalIpv6Address, its.GlobalIpv6PrefixLen, its.Ipv6Gateway));
        Assert.Equal(mine.IpAddress, await Talk.AskAsync(two.Namespace, its.IpAddress!, 80));
        Assert.Equal(mine.GlobalIpv6Address, await Talk.AskAsync(two.Namespace, its.GlobalIpv6Address!, 80));
        Assert.Equal("fd00:77::1", await Talk.AskAsync(null, its.GlobalIpv6Address!, 80));
        // Outside nobody knows the way to a network of ours, so the host speaks for it.
        Assert.Equal(outside.HostIpv6Address, await Talk.AskAsync(two.Namespace, Neighbour.Ipv6Address, 80));
        Assert.Contains($"{mine.GlobalIpv6Address}\ttwo", two.Hosts);
    }

    [Theory, InlineData(SocketType.Stream), InlineData(SocketType.Dgram)]
    public async Task A_published_port_is_reached_by_IPv6_from_outside_the_host_its_loopback_and_the_container_itself(SocketType type)
    {
        await using var machine = await StartAsync();
        using var outside = new Neighbour();
        await machine.Controller.CreateAsync(Dual());
        var web = await machine.AttachAsync("web", "dual", Machine.Publish(type == SocketType.Stream ? "80/tcp" : "80/udp", "18140"));
        using var server = Talk.Serve(web.Namespace, 80, type, Ipv6);
        Assert.Equal(Neighbour.Ipv6Address, await Talk.AskAsync(outside.Namespace, outside.HostIpv6Address, 18140, type));
        Assert.NotNull(await Talk.AskAsync(null, outside.HostIpv6Address, 18140, type));
        Assert.NotNull(await Talk.AskAsync(null, "::1", 18140, type));
        Assert.NotNull(await Talk.AskAsync(web.Namespace, "fd00:77::1", 18140, type));
        await machine.Controller.DetachAsync(Machine.Id("web"));
        Assert.Null(await Talk.AskAsync(outside.Namespace, outside.HostIpv6Address, 18140, type, waitMilliseconds: 300));
    }

    [Fact]
    public async Task A_network_of_IPv6_alone_serves_both_families_at_the_host()
    {
        await using var machine = await StartAsync();
        using var outside = new Neighbour();
        await machine.Controller.CreateAsync(new Network { Name = "six", EnableIpv4 = false, EnableIpv6 = true });
        var web = await machine.AttachAsync("web", "six", Machine.Publish("80/tcp", "18141"));
        var client = await machine.AttachAsync("client", "six");
        var own = web.Endpoints["six"];
        Assert.Equal("", own.IpAddress);
        Assert.StartsWith("fd", own.GlobalIpv6Address, StringComparison.Ordinal);
        using var server = Talk.Serve(web.Namespace, 80, family: Ipv6);
        Assert.Equal(client.Endpoints["six"].GlobalIpv6Address, await Talk.AskAsync(client.Namespace, own.GlobalIpv6Address!, 80));
        Assert.NotNull(await Talk.AskAsync(outside.Namespace, outside.HostAddress, 18141));
        Assert.NotNull(await Talk.AskAsync(outside.Namespace, outside.HostIpv6Address, 18141));
        using var route = new RouteSocket(web.Namespace!);
        Assert.DoesNotContain(route.Addresses(), address => address.Index == route.FindLink("eth0")!.Index);
    }

    [Fact]
    public async Task Networks_keep_apart_by_IPv6_too_and_nothing_comes_in_that_was_not_published()
    {
        await using var machine = await StartAsync();
        using var outside = new Neighbour();
        await machine.Controller.CreateAsync(Dual());
        await machine.Controller.CreateAsync(new Network { Name = "other", EnableIpv6 = true });
        await machine.Controller.CreateAsync(new Network { Name = "vault", EnableIpv6 = true, Internal = true });
        var web = await machine.AttachAsync("web", "dual");
        var stranger = await machine.AttachAsync("stranger", "other");
        var inner = await machine.AttachAsync("inner", "vault");
        using var server = Talk.Serve(web.Namespace, 80, family: Ipv6);
        using var away = Talk.Serve(outside.Namespace, 80, family: Ipv6);
        using (var route = new RouteSocket(outside.Namespace)) route.Execute(new RouteRequest().AddRoute(System.Net.IPNetwork.Parse("fd00:77::/64"), System.Net.IPAddress.Parse(outside.HostIpv6Address), route.FindLink("eth0")!.Index));
        Assert.Null(await Talk.AskAsync(stranger.Namespace, "fd00:77::2", 80, waitMilliseconds: 300));
        Assert.Null(await Talk.AskAsync(outside.Namespace, "fd00:77::2", 80, waitMilliseconds: 300));
        Assert.Null(await Talk.AskAsync(inner.Namespace, Neighbour.Ipv6Address, 80, waitMilliseconds: 300));
        Assert.NotNull(await Talk.AskAsync(web.Namespace, Neighbour.Ipv6Address, 80));
    }

    [Fact]
    public async Task Containers_reach_the_world_by_IPv6_beside_a_firewall_that_drops_what_is_forwarded()
    {
        using var foreign = new ForeignFirewallTests.ForeignTable("add table ip6 filter\nadd chain ip6 filter FORWARD { type filter hook forward priority filter; policy drop; }\n", "ip6 filter");
        using var outside = new Neighbour();
        var before = foreign.Rules();
        await using (var machine = await StartAsync())
        {
            await machine.Controller.CreateAsync(Dual());
            var client = await machine.AttachAsync("client", "dual");
            using var away = Talk.Serve(outside.Namespace, 80, family: Ipv6);
            Assert.NotNull(await Talk.AskAsync(client.Namespace, Neighbour.Ipv6Address, 80));
        }
        Assert.Equal(before, foreign.Rules());
    }

    [Fact]
    public async Task Addresses_and_names_are_as_asked()
    {
        await using var machine = await StartAsync();
        await machine.Controller.CreateAsync(Dual());
        var named = await machine.AttachAsync("named", "dual", endpoints: new() { ["dual"] = new() { IpamConfig = new() { Ipv6Address = "fd00:77::beef" } } });
        var client = await machine.AttachAsync("client", "dual");
        Assert.Equal("fd00:77::beef", named.Endpoints["dual"].GlobalIpv6Address);
        Assert.Equal(["fd00:77::beef"], (await NameServerTests.AskAsync(client.Namespace!, "named", NameServerTests.Aaaa)).Addresses);
        Assert.Equal([named.Endpoints["dual"].IpAddress!], (await NameServerTests.AskAsync(client.Namespace!, "named")).Addresses);
        Assert.Equal("named.dual", (await NameServerTests.AskAsync(client.Namespace!, "f.e.e.b.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.0.0.0.0.d.f.ip6.arpa", NameServerTests.Ptr)).Name);
        Assert.Contains(machine.Controller.EndpointsOf(machine.Controller.Find("dual")), member => member is { Name: "named", Ipv6Address: "fd00:77::beef/64" });

        await RefusedAsync("fd00:77::beef", "Address already in use");
        await RefusedAsync("fd00:78::1", "It does not belong to any of this network's subnets");
        await RefusedAsync("10.0.0.1", "invalid IPv6 address: 10.0.0.1");
        await RefusedAsync("fd00:9::1", "the network plain has no addresses of this family", "plain");

        async Task RefusedAsync(string address, string message, string network = "dual")
        {
            if (network == "plain") await machine.Controller.CreateAsync(new Network { Name = "plain" });
            var error = await Assert.ThrowsAsync<EngineException>(() => machine.AttachAsync("refused", network, endpoints: new() { [network] = new() { IpamConfig = new() { Ipv6Address = address } } }));
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_network_of_no_family_and_one_of_two_subnets_are_refused()
    {
        await using var machine = await StartAsync();
        var none = await Assert.ThrowsAsync<EngineException>(() => machine.Controller.CreateAsync(new Network { Name = "none6", EnableIpv4 = false }));
        Assert.Equal("IPv4 or IPv6 must be enabled", none.Message);
        var wish = new Network { Name = "two", EnableIpv6 = true, Ipam = { Config = [new() { Subnet = "fd00:1::/64" }, new() { Subnet = "fd00:2::/64" }] } };
        Assert.Contains("doesn't support multiple subnets", (await Assert.ThrowsAsync<EngineException>(() => machine.Controller.CreateAsync(wish))).Message);
    }

    [Fact]
    public async Task Whoever_runs_on_while_the_daemon_is_away_keeps_its_addresses_and_ports()
    {
        await using var machine = await StartAsync();
        using var outside = new Neighbour();
        await machine.Controller.CreateAsync(Dual());
        var web = await machine.AttachAsync("web", "dual", Machine.Publish("80/tcp", "18142"));
        using var process = new NamespaceProcess(web.Namespace!);
        using var server = Talk.Serve(web.Namespace, 80, family: Ipv6);
        await machine.Controller.DisposeAsync();
        var meanwhile = await Talk.AskAsync(outside.Namespace, outside.HostIpv6Address, 18142);
        await machine.OpenAsync([new LiveContainer(Machine.Id("web"), process.Pid)]);
        Assert.Equal(Neighbour.Ipv6Address, await Talk.AskAsync(outside.Namespace, outside.HostIpv6Address, 18142));
        Assert.Equal(Neighbour.Ipv6Address, meanwhile);
        Assert.Equal("fd00:77::3", (await machine.AttachAsync("next", "dual")).Endpoints["dual"].GlobalIpv6Address);
    }

    private static Network Dual() => new() { Name = "dual", EnableIpv6 = true, Ipam = { Config = [new() { Subnet = "fd00:77::/64" }] } };

    private static Task<Machine> StartAsync()
    {
        if (!PortTable.HostHasIpv6) Assert.Skip("IPv6 is switched off on this machine");
        return Machine.StartAsync();
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Yun.Linux.Netlink;
using Yun.Node.Containers;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Tests.Node.Networks;

[Collection("host network")]
public sealed class UserNetworkTests
{
    [Fact]
    public async Task Containers_of_one_network_reach_each_other_and_not_those_of_another()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        await machine.Controller.CreateAsync(new Network { Name = "red" });
        var blue = await machine.AttachAsync("b1", "blue");
        var other = await machine.AttachAsync("b2", "blue");
        var red = await machine.AttachAsync("r1", "red");
        using var server = Talk.Serve(blue.Namespace, 80);
        var address = blue.Endpoints["blue"].IpAddress!;
        Assert.NotNull(await Talk.AskAsync(other.Namespace, address, 80));
        Assert.Null(await Talk.AskAsync(red.Namespace, address, 80, waitMilliseconds: 300));
        Assert.NotNull(await Talk.AskAsync(null, address, 80));
    }

    [Fact]
    public async Task A_published_port_is_reached_from_another_network()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var web = await machine.AttachAsync("web", "blue", Machine.Publish("80/tcp", "18100"));
        var client = await machine.AttachAsync("client");
        using var server = Talk.Serve(web.Namespace, 80);
        Assert.Equal(client.Endpoints["bridge"].IpAddress, await Talk.AskAsync(client.Namespace, client.Endpoints["bridge"].Gateway!, 18100));
    }

    [Fact]
    public async Task Without_communication_neighbours_are_out_of_reach_and_the_host_is_not()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "shy", Options = { ["com.docker.network.bridge.enable_icc"] = "false" } });
        var one = await machine.AttachAsync("one", "shy");
        var two = await machine.AttachAsync("two", "shy");
        using var server = Talk.Serve(one.Namespace, 80);
        Assert.Null(await Talk.AskAsync(two.Namespace, one.Endpoints["shy"].IpAddress!, 80, waitMilliseconds: 300));
        Assert.NotNull(await Talk.AskAsync(null, one.Endpoints["shy"].IpAddress!, 80));
    }

    [Fact]
    public async Task An_internal_network_has_no_way_out()
    {
        await using var machine = await Machine.StartAsync();
        using var outside = new Neighbour();
        await machine.Controller.CreateAsync(new Network { Name = "vault", Internal = true });
        var inner = await machine.AttachAsync("inner", "vault", Machine.Publish("80/tcp", "18101"));
        var open = await machine.AttachAsync("open");
        using var server = Talk.Serve(outside.Namespace, 80);
        Assert.Equal(outside.HostAddress, await Talk.AskAsync(open.Namespace, Neighbour.Address, 80));
        Assert.Null(await Talk.AskAsync(inner.Namespace, Neighbour.Address, 80, waitMilliseconds: 300));
        Assert.DoesNotContain(inner.Ports, port => port.Value is not null);
        using var route = new RouteSocket(inner.Namespace!);
        Assert.DoesNotContain(route.RoutedNetworks(), network => network.PrefixLength == 0);
    }

    [Fact]
    public async Task A_container_joins_and_leaves_a_network_while_it_runs()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var blue = await machine.AttachAsync("b1", "blue");
        var walker = await machine.AttachAsync("walker", host: Machine.Publish("80/tcp", "18102"));
        using var server = Talk.Serve(blue.Namespace, 80);
        using var own = Talk.Serve(walker.Namespace, 80);
        Assert.Null(await Talk.AskAsync(walker.Namespace, blue.Endpoints["blue"].IpAddress!, 80, waitMilliseconds: 300));

        var joined = await machine.Controller.ConnectAsync("blue", Machine.Id("walker"), new EndpointSettings { Aliases = ["w"] });
        Assert.Equal(["blue", "bridge"], joined.Endpoints.Keys.Order());
        Assert.Contains("127.0.0.11", joined.ResolvConf);
        Assert.Contains(joined.Endpoints["blue"].IpAddress!, joined.Hosts);
        Assert.NotNull(await Talk.AskAsync(walker.Namespace, blue.Endpoints["blue"].IpAddress!, 80));
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18102));

        var left = await machine.Controller.DisconnectAsync("bridge", Machine.Id("walker"), force: false);
        Assert.Equal(["blue"], left.Endpoints.Keys);
        Assert.Equal("18102", left.Ports["80/tcp"]![0].HostPort);
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18102));
        var error = await Assert.ThrowsAsync<EngineException>(() => machine.Controller.DisconnectAsync("bridge", Machine.Id("walker"), force: false));
        Assert.Contains("is not connected to network bridge", error.Message);
    }

    [Fact]
    public async Task Addresses_are_as_asked()
    {
        await using var machine = await Machine.StartAsync();
        var network = new Network { Name = "planned", Ipam = { Config = [new() { Subnet = "10.231.7.0/24", IpRange = "10.231.7.64/26", Gateway = "10.231.7.254", AuxiliaryAddresses = new() { ["router"] = "10.231.7.64" } }] } };
        await machine.Controller.CreateAsync(network);
        var picked = await machine.AttachAsync("picked", "planned");
        var named = await machine.AttachAsync("named", "planned", endpoints: new() { ["planned"] = new() { IpamConfig = new() { Ipv4Address = "10.231.7.9" }, MacAddress = "02:00:00:00:00:99" } });
        Assert.Equal("10.231.7.65", picked.Endpoints["planned"].IpAddress);
        Assert.Equal("02:42:0a:e7:07:41", picked.Endpoints["planned"].MacAddress);
        Assert.Equal("10.231.7.254", picked.Endpoints["planned"].Gateway);
        Assert.Equal("10.231.7.9", named.Endpoints["planned"].IpAddress);
        using var route = new RouteSocket(named.Namespace!);
        Assert.Equal("020000000099", route.FindLink("eth0")!.Address.ToString());
        var error = await Assert.ThrowsAsync<EngineException>(() => machine.AttachAsync("third", "planned", endpoints: new() { ["planned"] = new() { IpamConfig = new() { Ipv4Address = "10.231.7.9" } } }));
        Assert.Equal("Address already in use", error.Message);
        var onDefault = await Assert.ThrowsAsync<EngineException>(() => machine.AttachAsync("fourth", endpoints: new() { ["bridge"] = new() { IpamConfig = new() { Ipv4Address = "172.17.0.99" } } }));
        Assert.Equal("user specified IP address is supported on user defined networks only", onDefault.Message);
    }

    [Fact]
    public async Task A_network_in_use_is_not_removed_and_a_predefined_one_never()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        await machine.AttachAsync("b1", "blue");
        var error = await Assert.ThrowsAsync<EngineException>(() => machine.Controller.RemoveAsync("blue"));
        Assert.Contains("has active endpoints", error.Message);
        Assert.Equal("bridge is a pre-defined network and cannot be removed", (await Assert.ThrowsAsync<EngineException>(() => machine.Controller.RemoveAsync("bridge"))).Message);
        Assert.Equal("network x not found", (await Assert.ThrowsAsync<EngineException>(() => machine.Controller.RemoveAsync("x"))).Message);
        await machine.Controller.DetachAsync(Machine.Id("b1"));
        await machine.Controller.RemoveAsync("blue");
        Assert.DoesNotContain(machine.Controller.List(), network => network.Name == "blue");
    }

    [Fact]
    public async Task Unused_networks_are_pruned_and_used_ones_kept()
    {
        await using var machine = await Machine.StartAsync();
        foreach (var name in (string[])["used", "named", "spared", "unused"]) await machine.Controller.CreateAsync(new Network { Name = name });
        await machine.AttachAsync("c", "used");
        Assert.Equal(["unused"], await machine.Controller.PruneAsync(network => network.Name != "spared", new HashSet<string> { "named" }));
        Assert.Equal(["bridge", "host", "named", "none", "spared", "used"], machine.Controller.List().Select(network => network.Name).Order());
    }

    [Theory]
    [InlineData("taken", "", "", "network with name taken already exists", ErrorKind.Conflict)]
    [InlineData("bridge", "", "", "operation is not permitted on predefined bridge network", ErrorKind.Forbidden)]
    [InlineData("n", "host", "", "only one instance of \"host\" network is allowed", ErrorKind.Forbidden)]
    [InlineData("n", "weave", "", "plugin \"weave\" not found", ErrorKind.NotFound)]
    [InlineData("n", "", "10.230.0.0/24", "Pool overlaps with other one on this address space", ErrorKind.Forbidden)]
    [InlineData("n", "", "10.229.0.1/24", "it should be 10.229.0.0/24", ErrorKind.InvalidArgument)]
    [InlineData("n", "", "nonsense", "invalid CIDR address: nonsense", ErrorKind.InvalidArgument)]
    [InlineData("n", "", "10.229.0.0/33", "invalid CIDR address: 10.229.0.0/33", ErrorKind.InvalidArgument)]
    [InlineData("a/b", "", "", "invalid network name", ErrorKind.InvalidArgument)]
    public async Task A_network_that_cannot_be_is_refused_with_the_reason(string name, string driver, string subnet, string message, ErrorKind kind)
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "taken", Ipam = { Config = [new() { Subnet = "10.230.0.0/16" }] } });
        var wish = new Network { Name = name, Driver = driver, Ipam = { Config = subnet == "" ? [] : [new() { Subnet = subnet }] } };
        var error = await Assert.ThrowsAsync<EngineException>(() => machine.Controller.CreateAsync(wish));
        Assert.Contains(message, error.Message);
        Assert.Equal(kind, error.Kind);
        Assert.Equal(4, machine.Controller.List().Count);
    }

    [Fact]
    public async Task An_interface_that_is_no_bridge_is_neither_used_nor_removed()
    {
        await using var machine = await Machine.StartAsync();
        using var neighbour = new Neighbour();
        var wish = new Network { Name = "n", Options = { ["com.docker.network.bridge.name"] = Neighbour.Interface } };
        Assert.Contains("is another kind of interface", (await Assert.ThrowsAsync<EngineException>(() => machine.Controller.CreateAsync(wish))).Message);
        using var route = new RouteSocket();
        Assert.NotNull(route.FindLink(Neighbour.Interface));
    }

    [Fact]
    public async Task A_full_network_refuses_the_next_container_and_takes_one_when_another_leaves()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "small", Ipam = { Config = [new() { Subnet = "10.228.0.0/30" }] } });
        await machine.AttachAsync("one", "small");
        var error = await Assert.ThrowsAsync<EngineException>(() => machine.AttachAsync("two", "small"));
        Assert.Contains("no available IPv4 addresses on this network's address pools: small", error.Message);
        await machine.Controller.DetachAsync(Machine.Id("one"));
        Assert.Equal("10.228.0.2", (await machine.AttachAsync("two", "small")).Endpoints["small"].IpAddress);
    }

    [Fact]
    public async Task An_IPv4_network_gives_no_IPv6_address()
    {
        await using var machine = await Machine.StartAsync();
        var sandbox = await machine.AttachAsync("c");
        using var host = new RouteSocket();
        using var inside = new RouteSocket(sandbox.Namespace!);
        var eth0 = inside.FindLink("eth0")!.Index;
        Assert.DoesNotContain(inside.Addresses(AddressFamily.InterNetworkV6), address => address.Index == eth0);
        var ours = host.Links().Where(link => machine.Names.IsVeth(link.Name) || machine.Names.IsBridge(link.Name)).Select(link => link.Index).ToHashSet();
        Assert.DoesNotContain(host.Addresses(AddressFamily.InterNetworkV6), address => ours.Contains(address.Index));
    }

    [Fact]
    public async Task What_a_container_sends_in_the_name_of_another_network_goes_nowhere()
    {
        await using var machine = await Machine.StartAsync();
        using var outside = new Neighbour();
        using var listener = Talk.Open(outside.Namespace, SocketType.Dgram);
        listener.Bind(new IPEndPoint(IPAddress.Any, 18104));
        var liar = await machine.AttachAsync("liar");
        using (var route = new RouteSocket(liar.Namespace!)) route.Execute(new RouteRequest().AddAddress(route.FindLink("eth0")!.Index, IPAddress.Parse("203.0.113.9"), 32));
        foreach (var (source, text) in new[] { ("203.0.113.9", "forged"), (liar.Endpoints["bridge"].IpAddress!, "honest") })
        {
            using var sender = Talk.Open(liar.Namespace, SocketType.Dgram);
            sender.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
            await sender.SendToAsync(Encoding.ASCII.GetBytes(text), new IPEndPoint(IPAddress.Parse(Neighbour.Address), 18104));
        }
        var buffer = new byte[100];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        Assert.Equal("honest", Encoding.ASCII.GetString(buffer, 0, await listener.ReceiveAsync(buffer, SocketFlags.None, deadline.Token)));
    }

    [Fact]
    public async Task A_container_shares_another_ones_namespace()
    {
        await using var machine = await Machine.StartAsync();
        var owner = await machine.AttachAsync("owner");
        var guest = await machine.AttachAsync("guest", $"container:{Machine.Id("owner")}");
        using var server = Talk.Serve(owner.Namespace, 80);
        Assert.Equal("127.0.0.1", await Talk.AskAsync(guest.Namespace, "127.0.0.1", 80));
        Assert.Equal(owner.Hosts, guest.Hosts);
        await machine.Controller.DetachAsync(Machine.Id("guest"));
        var error = await Assert.ThrowsAsync<EngineException>(() => machine.AttachAsync("lost", $"container:{Machine.Id("nobody")}"));
        Assert.Contains("non running container", error.Message);
    }

    [Fact]
    public async Task None_has_a_loopback_interface_only_and_host_no_namespace()
    {
        await using var machine = await Machine.StartAsync();
        var none = await machine.AttachAsync("none", "none");
        using (var route = new RouteSocket(none.Namespace!)) Assert.True(Assert.Single(route.Links(), link => link.Name == "lo").IsUp);
        var host = await machine.AttachAsync("host", "host", Machine.Publish("80/tcp", "18103"));
        Assert.Null(host.Namespace);
        Assert.Equal(["host"], host.Endpoints.Keys);
        Assert.Contains(machine.Controller.EndpointsOf(machine.Controller.Find("host")), member => member.Name == "host");
        await machine.Controller.DetachAsync(Machine.Id("none"));
        await machine.Controller.DetachAsync(Machine.Id("host"));
    }
}

using Yun.Linux.Netlink;
using Yun.Linux.Nftables;
using Yun.Node.Networks;

namespace Yun.Tests.Node.Networks;

/// <summary>The daemon is gone in one instant and another takes up what it left.</summary>
[Collection("host network")]
public sealed class ReconcileTests
{
    [Fact]
    public async Task A_live_container_keeps_its_network_ports_and_names_and_a_dead_one_leaves_nothing()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var alive = await machine.AttachAsync("alive", "blue", Machine.Publish("80/tcp", "18120"));
        var dead = await machine.AttachAsync("dead", "blue", Machine.Publish("80/tcp", "18121"));
        var bridgeId = machine.Controller.Find("bridge").Id;
        using var server = Talk.Serve(alive.Namespace, 80);
        using var process = new NamespaceProcess(alive.Namespace!);
        // As kill -9 does: sockets and descriptors close, and nothing is taken back.
        await machine.Controller.DisposeAsync();
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18120));

        await machine.OpenAsync([new LiveContainer(Machine.Id("alive"), process.Pid)]);
        Assert.Equal(bridgeId, machine.Controller.Find("bridge").Id);
        Assert.Null(machine.Controller.SandboxOf(Machine.Id("dead")));
        var again = machine.Controller.SandboxOf(Machine.Id("alive"))!;
        Assert.Equal(alive.Endpoints["blue"].IpAddress, again.Endpoints["blue"].IpAddress);
        Assert.Equal(alive.Hosts, again.Hosts);
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18120));
        Assert.NotNull(await Talk.AskAsync(null, "::1", 18120));
        await Assert.ThrowsAsync<Yun.Protocol.EngineException>(() => machine.AttachAsync("thief", host: Machine.Publish("80/tcp", "18120")));
        using (var route = new RouteSocket()) Assert.Single(route.Links(), link => machine.Names.IsVeth(link.Name));
        Assert.DoesNotContain("18121", NftablesLibrary.List($"list table inet {machine.Names.Table}\n"));
        // Its address is free again, and the live one's is not.
        Assert.Equal(dead.Endpoints["blue"].IpAddress, (await machine.AttachAsync("next", "blue")).Endpoints["blue"].IpAddress);
        var joined = await machine.Controller.ConnectAsync("bridge", Machine.Id("alive"), null);
        Assert.Equal(["blue", "bridge"], joined.Endpoints.Keys.Order());
        await machine.Controller.DetachAsync(Machine.Id("alive"));
    }

    [Fact]
    public async Task What_is_gone_from_the_kernel_is_made_again_for_a_live_container()
    {
        await using var machine = await Machine.StartAsync();
        var alive = await machine.AttachAsync("alive", host: Machine.Publish("80/tcp", "18122"));
        using var server = Talk.Serve(alive.Namespace, 80);
        using var process = new NamespaceProcess(alive.Namespace!);
        await machine.Controller.DisposeAsync();
        using (var route = new RouteSocket()) route.Execute(new RouteRequest().DeleteLink(machine.Names.DefaultBridge));
        NftablesLibrary.Run($"delete table inet {machine.Names.Table}\n");
        await machine.OpenAsync([new LiveContainer(Machine.Id("alive"), process.Pid)]);
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18122));
        await machine.Controller.DetachAsync(Machine.Id("alive"));
    }

    [Fact]
    public async Task Shutdown_leaves_all_in_place_while_a_container_runs()
    {
        await using var machine = await Machine.StartAsync();
        var alive = await machine.AttachAsync("alive", host: Machine.Publish("80/tcp", "18123"));
        using var server = Talk.Serve(alive.Namespace, 80);
        using var process = new NamespaceProcess(alive.Namespace!);
        await machine.Controller.ShutdownAsync();
        await machine.Controller.DisposeAsync();
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18123));
        await machine.OpenAsync([new LiveContainer(Machine.Id("alive"), process.Pid)]);
        await machine.Controller.DetachAsync(Machine.Id("alive"));
    }

    [Fact]
    public async Task Two_daemons_side_by_side_have_networks_of_their_own()
    {
        await using var one = await Machine.StartAsync();
        await using var two = await Machine.StartAsync();
        var first = await one.AttachAsync("web", host: Machine.Publish("80/tcp", "18124"));
        var second = await two.AttachAsync("web", host: Machine.Publish("80/tcp", "18125"));
        Assert.NotEqual(first.Endpoints["bridge"].Gateway, second.Endpoints["bridge"].Gateway);
        using var servers = Talk.Serve(first.Namespace, 80);
        using var others = Talk.Serve(second.Namespace, 80);
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18124));
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18125));
        Assert.Null(await Talk.AskAsync(second.Namespace, first.Endpoints["bridge"].IpAddress!, 80, waitMilliseconds: 300));
        // The port of one is not the other's to give away.
        await Assert.ThrowsAsync<Yun.Protocol.EngineException>(() => two.AttachAsync("thief", host: Machine.Publish("80/tcp", "18124")));
        await two.Controller.DetachAsync(Machine.Id("web"));
        await two.Controller.ShutdownAsync();
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18124));
    }

    [Fact]
    public async Task The_default_bridge_is_as_told()
    {
        await using var machine = await Machine.StartAsync(options => options with { Bridge = "yuntest-br0", BridgeAddress = "10.227.5.1/24" });
        var sandbox = await machine.AttachAsync("c");
        Assert.Equal("10.227.5.2", sandbox.Endpoints["bridge"].IpAddress);
        Assert.Equal("yuntest-br0", machine.Controller.Find("bridge").Options["com.docker.network.bridge.name"]);
        using (var route = new RouteSocket()) Assert.NotNull(route.FindLink("yuntest-br0"));
        await machine.Controller.DetachAsync(Machine.Id("c"));
        await machine.Controller.ShutdownAsync();
        using (var route = new RouteSocket()) Assert.Null(route.FindLink("yuntest-br0"));
    }

    [Fact]
    public async Task A_bridge_that_was_there_before_us_stays_with_its_address()
    {
        using var route = new RouteSocket();
        route.Execute(new RouteRequest().AddBridge("yuntest-br1", MacAddress.Of(System.Net.IPAddress.Parse("10.226.0.1")), 1500));
        try
        {
            route.Execute(new RouteRequest().AddAddress(route.FindLink("yuntest-br1")!.Index, System.Net.IPAddress.Parse("10.226.0.1"), 24).SetUp("yuntest-br1"));
            await using (var machine = await Machine.StartAsync(options => options with { Bridge = "yuntest-br1" }))
                Assert.Equal("10.226.0.2", (await machine.AttachAsync("c")).Endpoints["bridge"].IpAddress);
            Assert.NotNull(route.FindLink("yuntest-br1"));
        }
        finally { route.Execute(new RouteRequest().DeleteLink("yuntest-br1")); }
    }

    [Fact]
    public async Task Without_a_default_bridge_there_is_no_default_network()
    {
        await using var machine = await Machine.StartAsync(options => options with { Bridge = "none" });
        Assert.Equal(["host", "none"], machine.Controller.List().Select(network => network.Name).Order());
    }
}

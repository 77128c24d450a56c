using System.Net;
using System.Net.NetworkInformation;
using Yun.Linux;
using Yun.Linux.Netlink;

namespace Yun.Tests.Linux.Netlink;

/// <summary>All within namespaces of their own, so that nothing of the machine's is touched.</summary>
public sealed class RouteSocketTests
{
    private static readonly PhysicalAddress s_mac = PhysicalAddress.Parse("02-42-0A-00-00-02");

    [Fact]
    public void A_new_namespace_has_a_loopback_interface_that_is_down_and_nothing_else_is_up()
    {
        using var space = NewNamespace();
        using var route = new RouteSocket(space);
        var loopback = Assert.Single(route.Links(), link => link.Name == "lo");
        Assert.False(loopback.IsUp);
        Assert.Empty(route.Addresses());
        Assert.Empty(route.RoutedNetworks());
    }

    [Fact]
    public void A_bridge_with_a_veth_is_as_it_was_asked_for()
    {
        using var space = NewNamespace();
        using var far = NewNamespace();
        using var route = new RouteSocket(space);
        using var inside = new RouteSocket(far);
        route.Execute(new RouteRequest().AddBridge("b0", s_mac, 1400).SetUp("b0"));
        var bridge = route.FindLink("b0")!;
        Assert.Equal(("bridge", 1400, true), (bridge.Kind, bridge.Mtu, bridge.IsUp));
        Assert.Equal(s_mac, bridge.Address);
        route.Execute(new RouteRequest().AddVeth("v0", "eth0", far, s_mac, 1300, bridge.Index).SetBridgePort("v0", isolated: true, hairpin: true).WithoutIpv6Address("v0"));
        Assert.Equal((bridge.Index, 1300, "veth"), route.FindLink("v0") is { } port ? (port.Master, port.Mtu, port.Kind) : default);
        var eth0 = inside.FindLink("eth0")!;
        inside.Execute(new RouteRequest().AddAddress(eth0.Index, IPAddress.Parse("10.0.0.2"), 24).SetUp("eth0").AddDefaultRoute(IPAddress.Parse("10.0.0.1"), eth0.Index));
        Assert.Equal([new InterfaceAddress(eth0.Index, IPAddress.Parse("10.0.0.2"), 24)], inside.Addresses());
        Assert.Equal(["0.0.0.0/0", "10.0.0.0/24"], inside.RoutedNetworks().Select(network => network.ToString()).Order());
        route.Execute(new RouteRequest().DeleteLink("v0"));
        Assert.Null(route.FindLink("v0"));
        Assert.Null(inside.FindLink("eth0"));
    }

    [Fact]
    public void A_failure_names_the_call_and_what_it_was_on_and_the_rest_is_done_all_the_same()
    {
        using var space = NewNamespace();
        using var route = new RouteSocket(space);
        route.Execute(new RouteRequest().AddBridge("b0", s_mac, 1500));
        var error = Assert.Throws<SyscallException>(() => route.Execute(new RouteRequest().AddBridge("b0", s_mac, 1500).AddBridge("b1", s_mac, 1500)));
        Assert.Equal(("create bridge", Errno.EEXIST), (error.Call, error.Errno));
        Assert.StartsWith("create bridge b0", error.Message);
        Assert.NotNull(route.FindLink("b1"));
        // The socket is in step again.
        Assert.Equal(Errno.ENODEV, Assert.Throws<SyscallException>(() => route.Execute(new RouteRequest().DeleteLink("b2"))).Errno);
        Assert.Null(route.FindLink("b2"));
    }

    [Fact]
    public void A_dump_of_many_interfaces_is_whole()
    {
        using var space = NewNamespace();
        using var route = new RouteSocket(space);
        var request = new RouteRequest();
        for (var i = 0; i < 200; i++) request.AddBridge($"b{i}", s_mac, 1500);
        route.Execute(request);
        Assert.Equal(200, route.Links().Count(link => link.Kind == "bridge"));
    }

    [Fact]
    public async Task Threads_that_start_meanwhile_stay_in_the_machines_namespace()
    {
        var home = new FileInfo("/proc/self/ns/net").LinkTarget;
        var spaces = Enumerable.Range(0, 50).Select(_ => Task.Run(() => NewNamespace())).ToList();
        foreach (var space in await Task.WhenAll(spaces)) space.Dispose();
        var elsewhere = Directory.GetDirectories("/proc/self/task").Select(task => new FileInfo($"{task}/ns/net").LinkTarget).Where(target => target is not null && target != home);
        Assert.Empty(elsewhere);
    }

    private static Microsoft.Win32.SafeHandles.SafeFileHandle NewNamespace()
    {
        if (Environment.UserName != "root") Assert.Skip("needs root, to make network namespaces");
        return NetworkNamespace.Create();
    }
}

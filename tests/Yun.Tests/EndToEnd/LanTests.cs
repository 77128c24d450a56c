namespace Yun.Tests.EndToEnd;

/// <summary>macvlan and ipvlan networks, and networks that are but a configuration.</summary>
public sealed class LanTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private readonly List<string> _networks = [], _links = [];

    [Fact]
    public async Task A_macvlan_network_puts_containers_on_an_interface_of_the_machine_by_name_and_through_a_restart_of_the_daemon()
    {
        await using var own = await Daemon.StartWithBusyboxAsync();
        var parent = await ParentAsync();
        await own.Docker.TextAsync("network", "create", "-d", "macvlan", "-o", $"parent={parent}", "--subnet", "10.77.1.0/24", "--subnet", "10.77.2.0/24", "--gateway", "10.77.1.254", "lan");
        await own.Docker.TextAsync("run", "-d", "--name", "one", "--network", "lan", "--ip", "10.77.1.7", "busybox", "sleep", "1000");
        await own.Docker.TextAsync("run", "-d", "--name", "two", "--network", "lan", "busybox", "sleep", "1000");
        (await own.Docker.RunAsync("exec", "two", "ping", "-c1", "-W3", "one")).Succeeded();
        Assert.Contains("default via 10.77.1.254 dev eth0", await own.Docker.TextAsync("exec", "one", "ip", "route"));
        Assert.Equal("10.77.1.254 24", await own.Docker.TextAsync("inspect", "-f", "{{.NetworkSettings.Networks.lan.Gateway}} {{.NetworkSettings.Networks.lan.IPPrefixLen}}", "one"));
        await own.KillAsync();
        await own.StartAgainAsync();
        (await own.Docker.RunAsync("exec", "two", "ping", "-c1", "-W3", "one")).Succeeded();
        await own.Docker.TextAsync("network", "disconnect", "lan", "two");
        Assert.DoesNotContain("eth0", await own.Docker.TextAsync("exec", "two", "ip", "link"));
        await own.Docker.TextAsync("rm", "-f", "one", "two");
        await own.Docker.TextAsync("network", "rm", "lan");
        (await new Command("ip", "link", "show", parent).RunAsync()).Succeeded();
    }

    [Fact]
    public async Task A_macvlan_network_without_a_parent_leads_nowhere_but_to_its_own()
    {
        var (network, one) = (Network("lan"), Name());
        await Docker.TextAsync("network", "create", "-d", "macvlan", network);
        await Docker.TextAsync("run", "-d", "--name", one, "--network", network, "busybox", "sleep", "1000");
        (await Docker.RunAsync("run", "--rm", "--network", network, "busybox", "ping", "-c1", "-W3", one)).Succeeded();
        Assert.DoesNotContain("default", await Docker.TextAsync("exec", one, "ip", "route"));
    }

    [Fact]
    public async Task A_parent_is_shared_by_bridge_modes_and_by_no_other()
    {
        var parent = await ParentAsync();
        var (first, second, third) = (Network("lan"), Network("lan"), Network("lan"));
        await Docker.TextAsync("network", "create", "-d", "macvlan", "-o", $"parent={parent}", "--subnet", "10.78.1.0/24", first);
        await Docker.TextAsync("network", "create", "-d", "macvlan", "-o", $"parent={parent}", "--subnet", "10.78.2.0/24", second);
        (await Docker.RunAsync("network", "create", "-d", "macvlan", "-o", $"parent={parent}", "-o", "macvlan_mode=passthru", third)).FailedSaying($"is already using parent interface {parent}");
        (await Docker.RunAsync("network", "create", "-d", "macvlan", "-o", "parent=nosuch0", third)).FailedSaying("this machine has no such interface");
        (await Docker.RunAsync("network", "create", "-d", "macvlan", "-o", "macvlan_mode=nosuch", third)).FailedSaying("requested macvlan mode 'nosuch' is not valid");
    }

    [Theory]
    [InlineData("l2")]
    [InlineData("l3")]
    public async Task An_ipvlan_network_does_likewise_with_one_hardware_address(string mode)
    {
        var parent = await ParentAsync();
        if ((await new Command("ip", "link", "add", "link", parent, "name", "yunprobe", "type", "ipvlan").RunAsync()).ExitCode != 0) Assert.Skip("The kernel has no ipvlan.");
        await new Command("ip", "link", "del", "yunprobe").RunAsync();
        var (network, one) = (Network("lan"), Name());
        await Docker.TextAsync("network", "create", "-d", "ipvlan", "-o", $"parent={parent}", "-o", $"ipvlan_mode={mode}", "--subnet", "10.79.1.0/24", network);
        await Docker.TextAsync("run", "-d", "--name", one, "--network", network, "busybox", "sleep", "1000");
        (await Docker.RunAsync("run", "--rm", "--network", network, "busybox", "ping", "-c1", "-W3", one)).Succeeded();
    }

    [Fact]
    public async Task A_network_is_made_from_another_s_configuration_which_stays_as_long_as_it()
    {
        var (configuration, network) = (Network("configuration"), Network("made"));
        await Docker.TextAsync("network", "create", "--config-only", "-o", "com.docker.network.driver.mtu=1234", "--subnet", "10.80.1.0/24", configuration);
        await Docker.TextAsync("network", "create", "--config-from", configuration, network);
        Assert.Contains(" mtu 1234 ", await Docker.TextAsync("run", "--rm", "--network", network, "busybox", "ip", "link", "show", "eth0"));
        Assert.Equal($"10.80.1.0/24 {configuration}", await Docker.TextAsync("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}} {{.ConfigFrom.Network}}", network));
        (await Docker.RunAsync("network", "rm", configuration)).FailedSaying("is in use");
        (await Docker.RunAsync("run", "--rm", "--network", configuration, "busybox")).FailedSaying("configuration-only network");
    }

    private string Network(string stem)
    {
        var name = Name(stem);
        _networks.Add(name);
        return name;
    }

    /// <summary>An interface that others stand on: one end of a pair of the test's own.</summary>
    private async Task<string> ParentAsync()
    {
        var name = $"yt{Random.Shared.Next(0x1000000):x6}";
        if ((await new Command("ip", "link", "add", name, "type", "veth", "peer", "name", name + "p").RunAsync()).ExitCode != 0) Assert.Skip("No pair of interfaces can be made here.");
        _links.Add(name);
        foreach (var end in (string[])[name, name + "p"]) (await new Command("ip", "link", "set", end, "up").RunAsync()).Succeeded();
        return name;
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        // What is made from a configuration goes before it.
        foreach (var network in Enumerable.Reverse(_networks)) await Docker.RunAsync("network", "rm", network);
        foreach (var link in _links) await new Command("ip", "link", "del", link).RunAsync();
    }
}

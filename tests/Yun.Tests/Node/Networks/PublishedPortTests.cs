using System.Net;
using System.Net.Sockets;
using Yun.Protocol;

namespace Yun.Tests.Node.Networks;

[Collection("host network")]
public sealed class PublishedPortTests
{
    [Theory]
    [InlineData("127.0.0.1", SocketType.Stream)]
    [InlineData("127.0.1.1", SocketType.Stream)]
    [InlineData("127.0.0.1", SocketType.Dgram)]
    [InlineData("::1", SocketType.Stream)]
    [InlineData("::1", SocketType.Dgram)]
    public async Task A_published_port_answers_on_loopback(string address, SocketType type)
    {
        await using var machine = await Machine.StartAsync();
        var protocol = type == SocketType.Stream ? "tcp" : "udp";
        var sandbox = await machine.AttachAsync("web", host: Machine.Publish($"80/{protocol}", "18080"));
        using var server = Talk.Serve(sandbox.Namespace, 80, type);
        Assert.Equal(sandbox.Endpoints["bridge"].Gateway, await Talk.AskAsync(null, address, 18080, type));
    }

    [Fact]
    public async Task A_published_port_answers_on_the_hosts_other_addresses()
    {
        await using var machine = await Machine.StartAsync();
        var sandbox = await machine.AttachAsync("web", host: Machine.Publish("80/tcp", "18081"));
        using var server = Talk.Serve(sandbox.Namespace, 80);
        var gateway = sandbox.Endpoints["bridge"].Gateway!;
        Assert.Equal(gateway, await Talk.AskAsync(null, gateway, 18081));
    }

    [Fact]
    public async Task Who_keeps_sending_to_a_UDP_port_reaches_the_container_that_has_it_now()
    {
        await using var machine = await Machine.StartAsync();
        using var neighbour = new Neighbour();
        using var sender = Talk.Open(neighbour.Namespace, SocketType.Dgram);
        await sender.ConnectAsync(IPAddress.Parse(neighbour.HostAddress), 18094);
        var buffer = new byte[100];
        for (var round = 0; round < 2; round++)
        {
            // The first packet finds nobody, and is remembered as one for the host itself.
            await sender.SendAsync(new byte[] { 1 }, SocketFlags.None);
            // In the second round the address is another, so a flow that was remembered would lead nowhere.
            if (round == 1) await machine.AttachAsync("first");
            var web = await machine.AttachAsync("web", host: Machine.Publish("80/udp", "18094"));
            using var server = Talk.Serve(web.Namespace, 80, SocketType.Dgram);
            string? answer = null;
            for (var attempt = 0; answer is null && attempt < 20; attempt++)
            {
                try
                {
                    await sender.SendAsync(new byte[] { 1 }, SocketFlags.None);
                    using var deadline = new CancellationTokenSource(200);
                    answer = System.Text.Encoding.ASCII.GetString(buffer, 0, await sender.ReceiveAsync(buffer, SocketFlags.None, deadline.Token));
                }
                // What was refused to the packet before is reported on the next call.
                catch (Exception error) when (error is SocketException or OperationCanceledException) { }
            }
            Assert.Equal(Neighbour.Address, answer);
            await machine.Controller.DetachAsync(Machine.Id("web"));
        }
    }

    [Fact]
    public async Task A_container_reaches_its_own_published_port_and_its_neighbours()
    {
        await using var machine = await Machine.StartAsync();
        var one = await machine.AttachAsync("one", host: Machine.Publish("80/tcp", "18082"));
        var two = await machine.AttachAsync("two");
        using var server = Talk.Serve(one.Namespace, 80);
        var gateway = one.Endpoints["bridge"].Gateway!;
        Assert.NotNull(await Talk.AskAsync(one.Namespace, gateway, 18082));
        Assert.NotNull(await Talk.AskAsync(two.Namespace, gateway, 18082));
        Assert.Equal(two.Endpoints["bridge"].IpAddress, await Talk.AskAsync(two.Namespace, one.Endpoints["bridge"].IpAddress!, 80));
    }

    [Fact]
    public async Task A_port_published_on_loopback_is_closed_to_containers()
    {
        await using var machine = await Machine.StartAsync();
        var web = await machine.AttachAsync("web", host: Machine.Publish("80/tcp", "18083", "127.0.0.1"));
        var other = await machine.AttachAsync("other");
        using var server = Talk.Serve(web.Namespace, 80);
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18083));
        Assert.Null(await Talk.AskAsync(other.Namespace, web.Endpoints["bridge"].Gateway!, 18083, waitMilliseconds: 300));
    }

    [Fact]
    public async Task A_port_that_another_container_has_is_refused_in_dockers_words()
    {
        await using var machine = await Machine.StartAsync();
        await machine.AttachAsync("one", host: Machine.Publish("80/tcp", "18084"));
        var error = await Assert.ThrowsAsync<EngineException>(() => machine.AttachAsync("two", host: Machine.Publish("80/tcp", "18084")));
        Assert.Matches(@"^driver failed programming external connectivity on endpoint two \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:18084 failed: port is already allocated$", error.Message);
        Assert.Null(machine.Controller.SandboxOf(Machine.Id("two")));
        await machine.Controller.DetachAsync(Machine.Id("one"));
        await machine.AttachAsync("two", host: Machine.Publish("80/tcp", "18084"));
    }

    [Fact]
    public async Task A_port_that_a_program_of_the_host_has_is_refused()
    {
        await using var machine = await Machine.StartAsync();
        using var taken = new TcpListener(IPAddress.Loopback, 18085);
        taken.Start();
        var error = await Assert.ThrowsAsync<EngineException>(() => machine.AttachAsync("web", host: Machine.Publish("80/tcp", "18085")));
        Assert.EndsWith("failed to bind host port 0.0.0.0:18085/tcp: address already in use", error.Message);
    }

    [Fact]
    public async Task A_published_port_is_held_against_programs_of_the_host()
    {
        await using var machine = await Machine.StartAsync();
        await machine.AttachAsync("web", host: Machine.Publish("80/tcp", "18086"));
        using var other = new TcpListener(IPAddress.Any, 18086);
        Assert.Throws<SocketException>(other.Start);
    }

    [Fact]
    public async Task Exposed_ports_are_published_on_free_ones_when_all_are_asked_for()
    {
        await using var machine = await Machine.StartAsync();
        var sandbox = await machine.AttachAsync("web", host: host => host.PublishAllPorts = true, exposed: ["80/tcp", "53/udp"]);
        using var server = Talk.Serve(sandbox.Namespace, 80);
        var bindings = sandbox.Ports["80/tcp"]!;
        Assert.Single(bindings.Select(binding => binding.HostPort).Distinct());
        Assert.InRange(int.Parse(bindings[0].HostPort!), 32768, 60999);
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", int.Parse(bindings[0].HostPort!)));
        Assert.NotNull(sandbox.Ports["53/udp"]);
    }

    [Fact]
    public async Task Of_a_range_the_first_free_port_is_taken()
    {
        await using var machine = await Machine.StartAsync();
        await machine.AttachAsync("one", host: Machine.Publish("80/tcp", "18090-18091"));
        var two = await machine.AttachAsync("two", host: Machine.Publish("80/tcp", "18090-18091"));
        Assert.Equal("18091", two.Ports["80/tcp"]![0].HostPort);
        await Assert.ThrowsAsync<EngineException>(() => machine.AttachAsync("three", host: Machine.Publish("80/tcp", "18090-18091")));
    }

    [Fact]
    public async Task An_exposed_port_that_is_not_published_is_listed_without_bindings()
    {
        await using var machine = await Machine.StartAsync();
        var sandbox = await machine.AttachAsync("web", exposed: ["80/tcp"]);
        Assert.Null(Assert.Single(sandbox.Ports).Value);
    }

    [Fact]
    public async Task A_published_port_answers_while_the_rules_are_flushed_and_after()
    {
        await using var machine = await Machine.StartAsync();
        var sandbox = await machine.AttachAsync("web", host: Machine.Publish("80/tcp", "18092"));
        using var server = Talk.Serve(sandbox.Namespace, 80);
        Yun.Linux.Nftables.NftablesLibrary.Run($"delete table inet {machine.Names.Table}\n");
        Assert.NotNull(await Talk.AskAsync(null, "127.0.0.1", 18092));
        // The next change finds the table gone, and lays it again with all that was in it.
        await machine.AttachAsync("other", host: Machine.Publish("80/tcp", "18093"));
        Assert.Contains("18092", Yun.Linux.Nftables.NftablesLibrary.List($"list table inet {machine.Names.Table}\n"));
    }
}

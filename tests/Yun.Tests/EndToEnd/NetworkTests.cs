using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Yun.Tests.EndToEnd;

public sealed class NetworkTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task A_published_port_answers_on_loopback_and_on_the_machine_s_addresses(string client)
    {
        var name = Name();
        var port = LoopbackPort.Free();
        (await Daemon[client].RunAsync("run", "-d", "--name", name, "-p", $"{port}:80", "busybox", "sh", "-c", "echo page > /index.html; exec httpd -f -p 80 -h /")).Succeeded();
        Assert.Equal("page\n", await PageAsync($"http://127.0.0.1:{port}/index.html"));
        foreach (var address in (await Dns.GetHostAddressesAsync(Dns.GetHostName(), AddressFamily.InterNetwork)).Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a)))
            Assert.Equal("page\n", await PageAsync($"http://{address}:{port}/index.html"));
        Assert.Contains($"0.0.0.0:{port}->80/tcp", await Daemon[client].TextAsync("ps", "--filter", $"name={name}", "--format", "{{.Ports}}"));
        Assert.Contains($"0.0.0.0:{port}", await Daemon[client].TextAsync("port", name, "80"));
        await Docker.TextAsync("stop", "-t", "0", name);
        await Docker.TextAsync("start", name);
        Assert.Equal("page\n", await PageAsync($"http://127.0.0.1:{port}/index.html"));
    }

    [Fact]
    public async Task A_start_and_an_end_are_events_of_the_networks_too()
    {
        var name = Name();
        var since = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await Docker.TextAsync("run", "--name", name, "busybox", "true");
        var id = await Docker.TextAsync("inspect", "-f", "{{.Id}}", name);
        var told = (await Docker.RunAsync("events", "--since", $"{since}", "--until", $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1}", "--format", "{{.Type}} {{.Action}} {{.Actor.Attributes.container}} {{.Actor.ID}}")).Succeeded().Lines;
        Assert.Equal(["network connect", "container start", "container die", "network disconnect"],
            told.Where(line => line.Contains(id, StringComparison.Ordinal)).Select(line => string.Join(' ', line.Split(' ')[..2])).Where(what => what is not ("container create" or "container attach")));
    }

    [Fact]
    public async Task An_interface_has_the_name_the_settings_and_the_local_addresses_that_were_asked_for()
    {
        var name = Name();
        await Docker.TextAsync("create", "--name", name, "--network", "name=bridge,driver-opt=com.docker.network.endpoint.ifname=outside,\"driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1\",link-local-ip=169.254.8.8",
            "busybox", "sh", "-c", "ip addr show outside; cat /proc/sys/net/ipv4/conf/outside/log_martians");
        var shown = (await Docker.RunAsync("start", "-a", name)).Succeeded();
        Assert.Contains("inet 169.254.8.8/16", shown.Text);
        Assert.Equal("1", shown.Lines[^1]);
        (await Docker.RunAsync("run", "--rm", "--network", "name=bridge,driver-opt=com.docker.network.endpoint.sysctls=kernel.hostname=x", "busybox")).FailedSaying("unrecognised network interface sysctl");
    }

    [Fact]
    public async Task All_exposed_ports_are_published_when_asked()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "-P", "--expose", "80", "busybox", "sh", "-c", "echo page > /index.html; exec httpd -f -p 80 -h /");
        var port = await Docker.TextAsync("inspect", "-f", "{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", name);
        Assert.Equal("page\n", await PageAsync($"http://127.0.0.1:{port}/index.html"));
    }

    [Fact]
    public async Task A_published_udp_port_answers()
    {
        var name = Name();
        var port = LoopbackPort.Free();
        await Docker.TextAsync("run", "-d", "--name", name, "-p", $"{port}:9/udp", "busybox", "sleep", "1000");
        // Busybox has no server of datagrams, so the machine's own python answers from inside the container's network.
        var pid = await Docker.TextAsync("inspect", "-f", "{{.State.Pid}}", name);
        const string echo = "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('', 9))\nwhile True:\n data, peer = s.recvfrom(99)\n s.sendto(b'pong ' + data, peer)\n";
        using var server = new Command("nsenter", $"--net=/proc/{pid}/ns/net", "python3", "-c", echo).Start();
        try
        {
            await Eventually.HoldsAsync(async () =>
            {
                using var client = new UdpClient();
                client.Connect(IPAddress.Loopback, port);
                await client.SendAsync("ping"u8.ToArray());
                var answer = client.ReceiveAsync();
                try { return await Task.WhenAny(answer, Task.Delay(500)) == answer && Encoding.ASCII.GetString((await answer).Buffer) == "pong ping"; }
                catch (SocketException) { return false; }
            });
        }
        finally { server.Kill(entireProcessTree: true); }
    }

    [Fact]
    public async Task A_port_in_use_is_named_and_nothing_is_left()
    {
        using var holder = new TcpListener(IPAddress.Any, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var name = Name();
        (await Docker.RunAsync("run", "-d", "--name", name, "-p", $"{port}:80", "busybox", "sleep", "1000")).EndedWith(125).FailedSaying($"{port}");
        Assert.Equal("created", await Docker.TextAsync("inspect", "-f", "{{.State.Status}}", name));
        holder.Stop();
        (await Docker.RunAsync("start", name)).Succeeded();
    }

    [Fact]
    public async Task Containers_on_the_bridge_reach_each_other_and_the_outside()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sh", "-c", "echo page > /index.html; exec httpd -f -p 80 -h /");
        var address = await Docker.TextAsync("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", name);
        var gateway = await Docker.TextAsync("inspect", "-f", "{{.NetworkSettings.Networks.bridge.Gateway}}", name);
        Assert.Equal("page", await Docker.TextAsync("run", "--rm", "busybox", "wget", "-q", "-O", "-", $"http://{address}/index.html"));

        using var outside = new HttpListener();
        var port = LoopbackPort.Free();
        outside.Prefixes.Add($"http://*:{port}/");
        outside.Start();
        var asked = outside.GetContextAsync();
        var answer = Docker.RunAsync("run", "--rm", "busybox", "wget", "-q", "-O", "-", $"http://{gateway}:{port}/");
        var context = await asked.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await context.Response.OutputStream.WriteAsync("from outside"u8.ToArray(), TestContext.Current.CancellationToken);
        context.Response.Close();
        Assert.Equal("from outside", (await answer).Succeeded().Text);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Without_a_network_there_is_only_loopback_and_with_the_host_s_there_is_all(string client)
    {
        Assert.Equal(["lo"], (await Daemon[client].RunAsync("run", "--rm", "--network", "none", "busybox", "ls", "/sys/class/net")).Succeeded().Lines);
        Assert.Equal(new FileInfo("/proc/self/ns/net").LinkTarget, await Daemon[client].TextAsync("run", "--rm", "--network", "host", "busybox", "readlink", "/proc/self/ns/net"));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task The_three_networks_are_listed_and_inspected(string client)
    {
        var lines = (await Daemon[client].RunAsync("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}")).Succeeded().Lines;
        Assert.Subset(lines.ToHashSet(), new HashSet<string> { "bridge bridge local", "host host local", "none null local" });
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sleep", "1000");
        Assert.Contains(name, await Daemon[client].TextAsync("network", "inspect", "-f", "{{range .Containers}}{{.Name}} {{end}}", "bridge"));
        (await Daemon[client].RunAsync("network", "inspect", "nosuchnetwork")).EndedWith(1).FailedSaying("nosuchnetwork");
        (await Daemon[client].RunAsync("run", "--rm", "--network", "nosuchnetwork", "busybox", "true")).EndedWith(125).FailedSaying("network nosuchnetwork not found");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_network_with_IPv6_gives_such_addresses_names_and_published_ports(string client)
    {
        if (!Yun.Node.Networks.PortTable.HostHasIpv6) Assert.Skip("IPv6 is switched off on this machine");
        var (network, name) = (Name(), Name());
        var port = LoopbackPort.Free();
        (await Daemon[client].RunAsync("network", "create", "--ipv6", "--subnet", "10.222.0.0/24", "--subnet", "fd00:222::/64", network)).Succeeded();
        try
        {
            (await Daemon[client].RunAsync("run", "-d", "--name", name, "--network", network, "--ip6", "fd00:222::80", "-p", $"{port}:80", "busybox", "sh", "-c", "echo page > /index.html; exec httpd -f -p [::]:80 -h /")).Succeeded();
            Assert.Equal("fd00:222::80 64 fd00:222::1", await Daemon[client].TextAsync("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}} {{.GlobalIPv6PrefixLen}} {{.IPv6Gateway}}{{end}}", name));
            Assert.Equal("true 10.222.0.0/24 fd00:222::/64 ", await Daemon[client].TextAsync("network", "inspect", "-f", "{{.EnableIPv6}} {{range .IPAM.Config}}{{.Subnet}} {{end}}", network) + " ");
            Assert.Equal("page", await Docker.TextAsync("run", "--rm", "--network", network, "busybox", "wget", "-q", "-O", "-", $"http://[fd00:222::80]/index.html"));
            Assert.Contains("fd00:222::80", await Docker.TextAsync("run", "--rm", "--network", network, "busybox", "nslookup", name));
            Assert.Equal("page\n", await PageAsync($"http://[::1]:{port}/index.html"));
            Assert.Equal("page\n", await PageAsync($"http://127.0.0.1:{port}/index.html"));
        }
        finally
        {
            await Docker.RunAsync("rm", "-f", name);
            (await Docker.RunAsync("network", "rm", network)).Succeeded();
        }
    }

    private static async Task<string> PageAsync(string address)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var page = "";
        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                page = await http.GetStringAsync(address);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return page;
    }
}

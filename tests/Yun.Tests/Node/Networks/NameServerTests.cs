using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Node.Containers;
using Yun.Node.Networks;

namespace Yun.Tests.Node.Networks;

[Collection("host network")]
public sealed class NameServerTests
{
    internal const int A = 1, Ptr = 12, Aaaa = 28;

    [Fact]
    public async Task Neighbours_are_found_by_name_alias_short_id_and_name_with_network()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var web = await machine.AttachAsync("web", "blue", endpoints: new() { ["blue"] = new EndpointSettings { Aliases = ["www"] } });
        var client = await machine.AttachAsync("client", "blue");
        var address = web.Endpoints["blue"].IpAddress!;
        foreach (var name in (string[])["web", "WEB", "www", Machine.Id("web")[..12], "web.blue"])
            Assert.Equal([address], (await AskAsync(client.Namespace!, name)).Addresses);
        Assert.Equal([client.Endpoints["blue"].IpAddress!], (await AskAsync(client.Namespace!, "client")).Addresses);
        Assert.Equal("web.blue", (await AskAsync(client.Namespace!, string.Join('.', address.Split('.').Reverse()) + ".in-addr.arpa", Ptr)).Name);
        Assert.Equal((0, 0), await AskAsync(client.Namespace!, "web", Aaaa) is var empty ? (empty.Code, empty.Addresses.Count) : default);
    }

    [Fact]
    public async Task Names_follow_containers_that_come_go_and_are_renamed()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var client = await machine.AttachAsync("client", "blue", host => host.Dns = ["127.0.0.254"]);
        Assert.Empty((await AskAsync(client.Namespace!, "web")).Addresses);
        var web = await machine.AttachAsync("web", "blue");
        Assert.Equal([web.Endpoints["blue"].IpAddress!], (await AskAsync(client.Namespace!, "web")).Addresses);
        await machine.Controller.RenameAsync(Machine.Id("web"), "shop");
        Assert.Equal([web.Endpoints["blue"].IpAddress!], (await AskAsync(client.Namespace!, "shop")).Addresses);
        await machine.Controller.DetachAsync(Machine.Id("web"));
        Assert.Empty((await AskAsync(client.Namespace!, "shop")).Addresses);
    }

    [Fact]
    public async Task Containers_of_other_networks_have_no_name_here()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        await machine.Controller.CreateAsync(new Network { Name = "red" });
        var client = await machine.AttachAsync("client", "blue", host => host.Dns = ["127.0.0.254"]);
        await machine.AttachAsync("hidden", "red");
        await machine.AttachAsync("plain");
        Assert.Empty((await AskAsync(client.Namespace!, "hidden")).Addresses);
        Assert.Empty((await AskAsync(client.Namespace!, "plain")).Addresses);
    }

    [Theory, InlineData(SocketType.Dgram), InlineData(SocketType.Stream)]
    public async Task Other_names_are_asked_of_the_resolver_outside(SocketType type)
    {
        await using var machine = await Machine.StartAsync();
        using var upstream = new FakeResolver();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var client = await machine.AttachAsync("client", "blue", host => host.Dns = [FakeResolver.Address]);
        Assert.Equal(["192.0.2.99"], (await AskAsync(client.Namespace!, "example.org", A, type)).Addresses);
        Assert.Equal(["example.org"], upstream.Asked);
    }

    [Fact]
    public async Task What_another_resolver_has_said_is_not_asked_again_while_it_holds()
    {
        await using var machine = await Machine.StartAsync();
        using var upstream = new FakeResolver();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var (one, two) = (await machine.AttachAsync("one", "blue", host => host.Dns = [FakeResolver.Address]), await machine.AttachAsync("two", "blue", host => host.Dns = [FakeResolver.Address]));
        foreach (var asker in (Sandbox[])[one, two, one]) Assert.Equal(["192.0.2.99"], (await AskAsync(asker.Namespace!, "example.org")).Addresses);
        Assert.Equal(["example.org"], upstream.Asked);
        await AskAsync(one.Namespace!, "example.net");
        Assert.Equal(["example.org", "example.net"], upstream.Asked);
    }

    [Fact]
    public async Task Of_several_addresses_each_comes_first_at_times()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var client = await machine.AttachAsync("client", "blue");
        var first = new HashSet<string>();
        foreach (var name in (string[])["one", "two"])
            await machine.AttachAsync(name, "blue", endpoints: new() { ["blue"] = new EndpointSettings { Aliases = ["web"] } });
        for (var tries = 0; tries < 100 && first.Count < 2; tries++) first.Add((await AskAsync(client.Namespace!, "web")).Addresses[0]);
        Assert.Equal(2, first.Count);
    }

    /// <summary>CVES.md row 83: an internal network must not leak names through the host's resolver.</summary>
    [Fact]
    public async Task From_an_internal_network_no_question_goes_out()
    {
        await using var machine = await Machine.StartAsync();
        using var upstream = new FakeResolver();
        await machine.Controller.CreateAsync(new Network { Name = "vault", Internal = true });
        var inner = await machine.AttachAsync("inner", "vault", host => host.Dns = [FakeResolver.Address]);
        Assert.Equal(2, (await AskAsync(inner.Namespace!, "secret.example.org")).Code);
        Assert.Empty(upstream.Asked);
        Assert.Equal([inner.Endpoints["vault"].IpAddress!], (await AskAsync(inner.Namespace!, "inner")).Addresses);
    }

    [Fact]
    public async Task A_container_may_serve_DNS_itself_on_all_its_addresses()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var client = await machine.AttachAsync("client", "blue");
        using var own = Talk.Serve(client.Namespace, 53, SocketType.Dgram);
        using var streams = Talk.Serve(client.Namespace, 53);
        Assert.Equal([client.Endpoints["blue"].IpAddress!], (await AskAsync(client.Namespace!, "client")).Addresses);
        Assert.Equal("127.0.0.1", await Talk.AskAsync(client.Namespace, "127.0.0.1", 53, SocketType.Dgram));
    }

    [Fact]
    public async Task Nonsense_is_not_answered_and_does_not_stop_the_server()
    {
        await using var machine = await Machine.StartAsync();
        await machine.Controller.CreateAsync(new Network { Name = "blue" });
        var client = await machine.AttachAsync("client", "blue");
        var random = new Random(1);
        using (var socket = Talk.Open(client.Namespace, SocketType.Dgram))
        {
            await socket.ConnectAsync(IPAddress.Parse("127.0.0.11"), 53);
            for (var i = 0; i < 2000; i++)
            {
                // Half of it begins like a question, so that the names are read.
                var junk = new byte[random.Next(0, 64)];
                random.NextBytes(junk);
                if (i % 2 == 0 && junk.Length > 12) (junk[2], junk[4], junk[5]) = (1, 0, 1);
                await socket.SendAsync(junk, SocketFlags.None);
            }
        }
        // The flood may fill the server's buffer and cost the next datagram too; resolvers ask again, and so does this.
        for (var tries = 1; ; tries++)
        {
            try
            {
                Assert.Equal([client.Endpoints["blue"].IpAddress!], (await AskAsync(client.Namespace!, "client")).Addresses);
                return;
            }
            catch (OperationCanceledException) when (tries < 5) { }
        }
    }

    [Fact]
    public void A_resolver_on_the_hosts_loopback_is_not_given_to_containers_and_options_are_as_asked()
    {
        var host = HostResolver.Parse("# comment\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.53\nsearch a.example b.example\noptions edns0 trust-ad\n");
        Assert.Equal(["192.0.2.53"], host.ServersOutside);
        Assert.Equal(["a.example", "b.example"], host.Search);
        Assert.Equal(["edns0", "trust-ad"], host.Options);
    }

    [Fact]
    public async Task Files_say_what_was_asked()
    {
        await using var machine = await Machine.StartAsync();
        var asked = await machine.AttachAsync("c", host: host =>
        {
            (host.Dns, host.DnsSearch, host.DnsOptions) = (["192.0.2.1", "192.0.2.2"], ["example.org"], ["timeout:1"]);
            host.ExtraHosts = ["db:192.0.2.7", "gw:host-gateway", "six:2001:db8::1"];
        });
        Assert.Equal("# Generated by Yun.\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch example.org\noptions timeout:1\n", asked.ResolvConf);
        Assert.Contains("192.0.2.7\tdb\n", asked.Hosts);
        Assert.Contains($"{asked.Endpoints["bridge"].Gateway}\tgw\n", asked.Hosts);
        Assert.Contains("2001:db8::1\tsix\n", asked.Hosts);
        Assert.EndsWith($"{asked.Endpoints["bridge"].IpAddress}\tc\n", asked.Hosts);
    }

    internal sealed record Reply(int Code, IReadOnlyList<string> Addresses, string? Name);

    internal static async Task<Reply> AskAsync(SafeFileHandle space, string name, int type = A, SocketType transport = SocketType.Dgram)
    {
        var query = new List<byte> { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
        foreach (var label in name.Split('.')) query.AddRange([(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]);
        query.AddRange([0, 0, (byte)type, 0, 1]);
        using var socket = Talk.Open(space, transport);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse("127.0.0.11"), 53), deadline.Token);
        if (transport == SocketType.Stream) query.InsertRange(0, [(byte)(query.Count >> 8), (byte)query.Count]);
        await socket.SendAsync(query.ToArray(), SocketFlags.None, deadline.Token);
        var buffer = new byte[2048];
        var got = await socket.ReceiveAsync(buffer, SocketFlags.None, deadline.Token);
        var answer = transport == SocketType.Stream ? buffer[2..got] : buffer[..got];
        Assert.Equal(0x1234, BinaryPrimitives.ReadUInt16BigEndian(answer));
        var at = query.Count - (transport == SocketType.Stream ? 2 : 0);
        var addresses = new List<string>();
        string? found = null;
        for (var i = 0; i < BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6)); i++)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(at + 10));
            var data = answer.AsSpan(at + 12, length).ToArray();
            if (type is A or Aaaa) addresses.Add(new IPAddress(data).ToString());
            else found = LabelsOf(data);
            at += 12 + length;
        }
        return new Reply(answer[3] & 15, addresses, found);
    }

    private static string LabelsOf(byte[] data)
    {
        var labels = new List<string>();
        for (var at = 0; data[at] != 0; at += data[at] + 1) labels.Add(Encoding.ASCII.GetString(data, at + 1, data[at]));
        return string.Join('.', labels);
    }

    /// <summary>Says 192.0.2.99 to everything, on an address of the host's loopback.</summary>
    private sealed class FakeResolver : IDisposable
    {
        internal const string Address = "127.0.0.254";
        private readonly UdpClient _datagrams = new(new IPEndPoint(IPAddress.Parse(Address), 53));
        private readonly TcpListener _streams = new(IPAddress.Parse(Address), 53);

        internal FakeResolver()
        {
            _streams.Start();
            _ = ServeDatagramsAsync();
            _ = ServeStreamsAsync();
        }

        internal System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = [];

        private byte[] Answer(byte[] query)
        {
            Asked.Enqueue(LabelsOf(query[12..]));
            var answer = (byte[])[.. query, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 99];
            (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
            return answer;
        }

        private async Task ServeDatagramsAsync()
        {
            try
            {
                while (true)
                {
                    var received = await _datagrams.ReceiveAsync();
                    await _datagrams.SendAsync(Answer(received.Buffer), received.RemoteEndPoint);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException) { }
        }

        private async Task ServeStreamsAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _streams.AcceptTcpClientAsync();
                    var stream = client.GetStream();
                    var length = new byte[2];
                    await stream.ReadExactlyAsync(length);
                    var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                    await stream.ReadExactlyAsync(query);
                    var answer = Answer(query);
                    await stream.WriteAsync((byte[])[(byte)(answer.Length >> 8), (byte)answer.Length, .. answer]);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or IOException or InvalidOperationException) { }
        }

        public void Dispose()
        {
            _datagrams.Dispose();
            _streams.Dispose();
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Linux.Netlink;
using Yun.Linux.Nftables;
using Yun.Node.Containers;
using Yun.Node.Networks;
using Yun.Oci;
using Yun.Store;

namespace Yun.Tests.Node.Networks;

/// <summary>A controller on this machine's kernel, with a data root of its own, whose containers are namespaces in which the tests open sockets.</summary>
internal sealed class Machine : IAsyncDisposable
{
    private readonly Dictionary<string, List<IDisposable>> _servers = [];

    private Machine(string dataRoot, IStore store, NetworkOptions options) => (DataRoot, Store, Options) = (dataRoot, store, options);

    internal string DataRoot { get; }
    internal IStore Store { get; }
    internal NetworkOptions Options { get; }
    internal NetworkController Controller { get; private set; } = null!;
    internal InterfaceNames Names => new(DataRoot);

    internal static async Task<Machine> StartAsync(Func<NetworkOptions, NetworkOptions>? options = null)
    {
        if (Environment.UserName != "root") Assert.Skip("needs root, to make network namespaces and bridges");
        if (!File.Exists("/proc/sys/net/netfilter/nf_conntrack_max") && !Directory.Exists("/sys/module/nf_tables")) Assert.Skip("needs a kernel with nf_tables and connection tracking");
        var root = Directory.CreateTempSubdirectory("yun-networks-").FullName;
        var asked = new NetworkOptions(root, root);
        var machine = new Machine(root, new MemoryStore(), options is null ? asked : options(asked));
        await machine.OpenAsync([]);
        return machine;
    }

    internal async Task OpenAsync(IEnumerable<LiveContainer> live)
    {
        Controller = await NetworkController.OpenAsync(Options, Store);
        await Controller.ReconcileAsync(live);
    }

    internal static SandboxRequest Request(string id, string network = "bridge", Action<HostConfig>? host = null, Dictionary<string, EndpointSettings?>? endpoints = null, params string[] exposed)
    {
        var hostConfig = new HostConfig { NetworkMode = network };
        host?.Invoke(hostConfig);
        var config = new ContainerConfig { ExposedPorts = exposed.Length == 0 ? null : exposed.ToDictionary(port => port, _ => new EmptyObject()) };
        return new SandboxRequest(Id(id), id, id, "", config, hostConfig, endpoints is null ? null : new NetworkingConfig { EndpointsConfig = endpoints });
    }

    internal static string Id(string name) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    internal Task<Sandbox> AttachAsync(string id, string network = "bridge", Action<HostConfig>? host = null, Dictionary<string, EndpointSettings?>? endpoints = null, params string[] exposed) =>
        Controller.AttachAsync(Request(id, network, host, endpoints, exposed));

    internal static Action<HostConfig> Publish(string containerPort, string hostPort = "", string hostIp = "") =>
        host => host.PortBindings = new() { [containerPort] = [new PortBinding { HostIp = hostIp, HostPort = hostPort }] };

    public async ValueTask DisposeAsync()
    {
        foreach (var network in Controller.List())
            foreach (var member in Controller.EndpointsOf(network)) await Controller.DetachAsync(member.ContainerId);
        await Controller.ShutdownAsync();
        await Controller.DisposeAsync();
        await Store.DisposeAsync();
        Directory.Delete(DataRoot, recursive: true);
        Assert.Empty(Leftovers());
    }

    /// <summary>What in the kernel still bears our names.</summary>
    internal List<string> Leftovers()
    {
        using var route = new RouteSocket();
        var left = route.Links().Select(link => link.Name).Where(name => Names.IsVeth(name) || Names.IsBridge(name)).ToList();
        var rules = NftablesLibrary.List("list ruleset\n");
        if (rules.Contains(Names.Table, StringComparison.Ordinal)) left.Add(Names.Table);
        return left;
    }
}

/// <summary>Servers and clients inside a namespace, or on the host when it is null.</summary>
internal static class Talk
{
    /// <summary>Answers every connection and datagram with the address it came from.</summary>
    internal static IDisposable Serve(SafeFileHandle? space, int port, SocketType type = SocketType.Stream, AddressFamily family = AddressFamily.InterNetwork)
    {
        var socket = Open(space, type, family);
        if (family == AddressFamily.InterNetworkV6) socket.DualMode = false;
        if (type == SocketType.Stream) socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(AnyOf(socket), port));
        if (type == SocketType.Stream) socket.Listen();
        _ = type == SocketType.Stream ? AcceptAsync(socket) : EchoAsync(socket);
        return socket;
    }

    /// <summary>What the server at that address says: our own address as it sees it; null when there is none, or nothing comes.</summary>
    internal static async Task<string?> AskAsync(SafeFileHandle? space, string address, int port, SocketType type = SocketType.Stream, int waitMilliseconds = 1000)
    {
        using var socket = Open(space, type, address.Contains(':') ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
        using var deadline = new CancellationTokenSource(waitMilliseconds);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(address), port), deadline.Token);
            if (type == SocketType.Dgram) await socket.SendAsync(new byte[] { 1 }, SocketFlags.None, deadline.Token);
            var buffer = new byte[100];
            var got = await socket.ReceiveAsync(buffer, SocketFlags.None, deadline.Token);
            return got == 0 ? null : Encoding.ASCII.GetString(buffer, 0, got);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException) { return null; }
    }

    internal static Socket Open(SafeFileHandle? space, SocketType type, AddressFamily family = AddressFamily.InterNetwork) =>
        space is null ? new Socket(family, type, ProtocolType.Unspecified) : NetworkNamespace.OpenSocket(space, type, family);

    private static IPAddress AnyOf(Socket socket) => socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;

    private static async Task AcceptAsync(Socket socket)
    {
        try
        {
            while (true)
            {
                using var client = await socket.AcceptAsync();
                await client.SendAsync(Encoding.ASCII.GetBytes(((IPEndPoint)client.RemoteEndPoint!).Address.ToString()));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException) { }
    }

    private static async Task EchoAsync(Socket socket)
    {
        var buffer = new byte[100];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(AnyOf(socket), 0));
                await socket.SendToAsync(Encoding.ASCII.GetBytes(((IPEndPoint)received.RemoteEndPoint).Address.ToString()), SocketFlags.None, received.RemoteEndPoint);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException) { }
    }
}

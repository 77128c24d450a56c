using System.Net;
using System.Net.Sockets;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>Ports that one container holds, with the sockets that hold them. Disposing gives them back.</summary>
internal sealed class PortLease(PortTable table) : IDisposable
{
    private readonly List<PublishedPort> _ports = [];
    private readonly List<IDisposable> _relays = [];

    internal IReadOnlyList<PublishedPort> Ports => _ports;

    internal void Add(PublishedPort port, PortTargets targets)
    {
        if (port.Protocol == "sctp" && table.RelaysAll) throw new EngineException(ErrorKind.NotImplemented, "A port of SCTP cannot be published where ports are relayed (--published-ports relayed).");
        table.Claim(port);
        _ports.Add(port);
        // The kernel may have no SCTP of its own and still translate it; there is no socket that could hold such a port.
        if (port.Protocol == "sctp") return;
        var host = IPAddress.Parse(port.HostAddress);
        var isUdp = port.Protocol == "udp";
        var socket = new Socket(host.AddressFamily, isUdp ? SocketType.Dgram : SocketType.Stream, isUdp ? ProtocolType.Udp : ProtocolType.Tcp);
        try
        {
            if (host.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(new IPEndPoint(host, port.HostPort));
            if (!isUdp) socket.Listen(128);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new EngineException(ErrorKind.Internal, $"failed to bind host port {PortTable.Text(host)}:{port.HostPort}/{port.Protocol}: {Reason(error)}", error);
        }
        var container = new IPEndPoint(targets.For(host), port.ContainerPort);
        _relays.Add(isUdp ? new DatagramRelay(socket, container) : new StreamRelay(socket, container));
    }

    /// <summary>The other lease's ports become this one's.</summary>
    internal void Absorb(PortLease other)
    {
        _ports.AddRange(other._ports);
        _relays.AddRange(other._relays);
        other._ports.Clear();
        other._relays.Clear();
    }

    public void Dispose()
    {
        foreach (var relay in _relays) relay.Dispose();
        foreach (var port in _ports) table.Release(port);
        _relays.Clear();
        _ports.Clear();
    }

    private static string Reason(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "address already in use",
        SocketError.AddressNotAvailable => "cannot assign requested address",
        SocketError.AccessDenied => "permission denied",
        _ => error.Message,
    };
}

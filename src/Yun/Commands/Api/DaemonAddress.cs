using System.Net;
using System.Net.Sockets;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Api;

/// <summary>Where the daemon listens: <c>unix:///path</c> or <c>tcp://host:port</c>.</summary>
public sealed record DaemonAddress(string Text, string? SocketPath, string? Host, int Port)
{
    public static string Default { get; } = ProgramName.IsDocker ? "unix:///var/run/docker.sock" : "unix:///run/yun.sock";
    private const int PlainPort = 2375;

    /// <exception cref="OptionException">The text is no address we can reach.</exception>
    public static DaemonAddress Parse(string text)
    {
        var divider = text.IndexOf("://", StringComparison.Ordinal);
        var (scheme, rest) = divider < 0 ? (text.StartsWith('/') ? "unix" : "tcp", text) : (text[..divider], text[(divider + 3)..]);
        switch (scheme)
        {
            case "unix" when rest.Length > 0:
                return new DaemonAddress("unix://" + rest, rest, null, 0);
            case "tcp" or "http":
                rest = rest.TrimEnd('/');
                var colon = rest.LastIndexOf(':');
                var hasPort = colon >= 0 && !rest.EndsWith(']');
                var host = hasPort ? rest[..colon] : rest;
                var port = PlainPort;
                if (hasPort && (!int.TryParse(rest[(colon + 1)..], out port) || port is <= 0 or > 65535)) break;
                host = host.Trim('[', ']');
                return new DaemonAddress($"tcp://{rest}", null, host.Length == 0 ? "localhost" : host, port);
            case "ssh" or "https" or "fd" or "npipe":
                throw new OptionException($"unable to use the daemon at {text}: {scheme} connections are not supported; use unix:// or tcp://");
        }
        throw new OptionException($"unable to parse docker host `{text}`");
    }

    public Socket Connect()
    {
        var socket = SocketPath is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (SocketPath is null) socket.Connect(Host!, Port);
            else socket.Connect(new UnixDomainSocketEndPoint(SocketPath));
            return socket;
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new ConnectException(error.SocketErrorCode == SocketError.AccessDenied
                ? $"permission denied while trying to connect to the Yun daemon socket at {Text}"
                : $"Cannot connect to the Yun daemon at {Text}. Is the yun daemon running?", error);
        }
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary>A place where the API listens: a unix socket's path, a descriptor that systemd passed, or an address with mutual TLS.</summary>
/// <param name="Descriptor">-1 for a socket that we make.</param>
public sealed record ListenAddress(string? Path, int Descriptor = -1, IPEndPoint? EndPoint = null)
{
    /// <summary>The first descriptor of socket activation (sd_listen_fds(3)).</summary>
    private const int FirstPassed = 3;
    private const int TlsPort = 2376;

    /// <param name="unsaid">What <c>unix://</c> without a path stands for.</param>
    /// <param name="hasTls">Whether TCP may be served: whoever reaches the API is root on this machine.</param>
    public static ListenAddress Parse(string text, string unsaid, bool hasTls)
    {
        if (text.StartsWith("unix://", StringComparison.Ordinal))
            return text["unix://".Length..] is { Length: > 0 } path ? new ListenAddress(System.IO.Path.GetFullPath(path)) : Parse(unsaid, unsaid, hasTls);
        if (text.StartsWith("fd://", StringComparison.Ordinal))
        {
            var rest = text["fd://".Length..];
            if (rest is "" or "*") return new ListenAddress(null, FirstPassed);
            return int.TryParse(rest, out var number) && number >= FirstPassed ? new ListenAddress(null, number) : throw Bad(text, "a descriptor is a number from 3 on");
        }
        if (!text.StartsWith("tcp://", StringComparison.Ordinal)) throw Bad(text, "expected unix://PATH, fd:// or tcp://ADDRESS:PORT");
        if (!hasTls) throw Bad(text, "whoever reaches the API is root on this machine, so TCP needs --tlsverify, with --tlscacert, --tlscert and --tlskey; or forward the socket with ssh");
        return new ListenAddress(null, EndPoint: EndPointOf(text["tcp://".Length..].TrimEnd('/')) ?? throw Bad(text, "expected tcp://ADDRESS:PORT, the address in numbers"));
    }

    /// <summary>As dockerd's log has it after "API listen on", for which tools wait.</summary>
    public override string ToString() => Path ?? EndPoint?.ToString() ?? string.Create(CultureInfo.InvariantCulture, $"fd://{Descriptor}");

    // Nothing before the colon is every address, nothing behind it Docker's port for TLS.
    private static IPEndPoint? EndPointOf(string text)
    {
        if (text.Length == 0) return new IPEndPoint(IPAddress.Any, TlsPort);
        if (text[0] == ':') text = "0.0.0.0" + text;
        if (text.StartsWith("localhost", StringComparison.Ordinal)) text = "127.0.0.1" + text["localhost".Length..];
        if (!IPEndPoint.TryParse(text, out var found)) return null;
        var isBare = found.Port == 0 && (found.AddressFamily == AddressFamily.InterNetworkV6 ? text.EndsWith(']') || !text.Contains('[', StringComparison.Ordinal) : !text.Contains(':', StringComparison.Ordinal));
        return isBare ? new IPEndPoint(found.Address, TlsPort) : found;
    }

    private static EngineException Bad(string text, string why) => new(ErrorKind.InvalidArgument, $"Cannot listen on '{text}': {why}.");
}

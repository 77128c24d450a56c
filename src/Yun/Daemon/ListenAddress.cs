using Yun.Protocol;

namespace Yun.Daemon;

/// <summary>A place where the API listens: a unix socket's path, or a descriptor that systemd passed.</summary>
/// <param name="Descriptor">-1 for a socket that we make.</param>
public sealed record ListenAddress(string? Path, int Descriptor = -1)
{
    /// <summary>The first descriptor of socket activation (sd_listen_fds(3)).</summary>
    private const int FirstPassed = 3;

    public static ListenAddress Default { get; } = new("/run/yun.sock");

    public static ListenAddress Parse(string text)
    {
        if (text.StartsWith("unix://", StringComparison.Ordinal))
            return text["unix://".Length..] is { Length: > 0 } path ? new ListenAddress(System.IO.Path.GetFullPath(path)) : Default;
        if (text.StartsWith("fd://", StringComparison.Ordinal))
        {
            var rest = text["fd://".Length..];
            if (rest is "" or "*") return new ListenAddress(null, FirstPassed);
            return int.TryParse(rest, out var number) && number >= FirstPassed ? new ListenAddress(null, number) : throw Bad(text, "a descriptor is a number from 3 on");
        }
        throw text.StartsWith("tcp://", StringComparison.Ordinal) || text.StartsWith("http", StringComparison.Ordinal)
            ? Bad(text, "whoever reaches the API is root on this machine, so it is not served over TCP without mutual TLS, and this version has none; forward the socket with ssh instead")
            : Bad(text, "expected unix://PATH or fd://");
    }

    public override string ToString() => Path is null ? $"fd://{Descriptor}" : $"unix://{Path}";

    private static EngineException Bad(string text, string why) => new(ErrorKind.InvalidArgument, $"Cannot listen on '{text}': {why}.");
}

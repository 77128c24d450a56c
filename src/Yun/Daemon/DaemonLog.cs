using Yun.Node;

namespace Yun.Daemon;

/// <summary>The daemon's own log: a line each on standard error, where systemd and people look.</summary>
internal static class DaemonLog
{
    public static EngineLog ToStandardError(Severity threshold) => new((level, message) =>
    {
        if (level < threshold) return;
        Console.Error.WriteLine($"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {level.ToString().ToLowerInvariant()} {message.ReplaceLineEndings(" ")}");
    });
}

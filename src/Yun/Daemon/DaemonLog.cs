using System.Text.Json;
using Yun.Node;

namespace Yun.Daemon;

/// <summary>The daemon's own log: a line each on standard error, where systemd and people look.</summary>
internal sealed class DaemonLog(Severity threshold, bool asJson = false)
{
    /// <summary>What is less severe is not written. It may be changed while others write.</summary>
    internal Severity Threshold { get; set; } = threshold;

    internal EngineLog ToStandardError() => new((level, message) =>
    {
        if (level < Threshold) return;
        var (time, word, text) = ($"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ}", level.ToString().ToLowerInvariant(), message.ReplaceLineEndings(" "));
        Console.Error.WriteLine(asJson ? Json(time, word, text) : $"{time} {word} {text}");
    });

    private static string Json(string time, string level, string message) =>
        $"{{\"time\":\"{time}\",\"level\":\"{level}\",\"msg\":\"{JsonEncodedText.Encode(message)}\"}}";
}

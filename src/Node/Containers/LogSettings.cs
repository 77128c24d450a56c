using System.Globalization;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary><c>--log-driver</c> and <c>--log-opt</c>, as the keeper takes them.</summary>
internal static class LogSettings
{
    private const long Unlimited = -1;
    private static readonly HashSet<string> s_options = ["max-size", "max-file", "mode", "max-buffer-size", "labels", "labels-regex", "env", "env-regex", "tag", "compress", "cache-disabled"];

    /// <summary>Null for the driver <c>none</c>.</summary>
    /// <exception cref="EngineException">An option is unknown or cannot be read.</exception>
    public static KeeperLog? Of(Container container) => Of(container.HostConfig.LogConfig, container.LogPath, container.Id, container.Name, container.Config);

    public static void Check(LogConfig? config) => Of(config, "", new string('0', 64), "", new ContainerConfig());

    private static KeeperLog? Of(LogConfig? config, string path, string id, string name, ContainerConfig about)
    {
        if (config?.Type == "none") return null;
        var options = config?.Config ?? [];
        foreach (var option in options.Keys)
            if (!s_options.Contains(option)) throw Wrong($"unknown log opt '{option}' for {config!.Type} log driver");
        var isLocal = config?.Type == "local";
        var filesMax = options.TryGetValue("max-file", out var files) ? Count(files) : isLocal ? 5 : 1;
        var bytesMax = options.TryGetValue("max-size", out var size) ? Bytes(size) : isLocal ? 20 << 20 : Unlimited;
        if (bytesMax == Unlimited && filesMax > 1) throw Wrong("max-file cannot be more than 1 when max-size is not set");
        return new KeeperLog
        {
            Path = path,
            FileBytesMax = bytesMax,
            FilesMax = filesMax,
            NonBlocking = options.TryGetValue("mode", out var mode) && mode switch { "non-blocking" => true, "blocking" or "" => false, _ => throw Wrong($"logger: logging mode not supported: {mode}") },
            BufferBytesMax = options.TryGetValue("max-buffer-size", out var buffer) ? Bytes(buffer) : 1_000_000,
            Attributes = Attributes(options, id, name, about),
        };
    }

    private static Dictionary<string, string>? Attributes(Dictionary<string, string> options, string id, string name, ContainerConfig about)
    {
        var attributes = new Dictionary<string, string>();
        foreach (var label in Names(options, "labels"))
            if (about.Labels?.TryGetValue(label, out var value) == true) attributes[label] = value;
        foreach (var variable in Names(options, "env"))
            if (about.Env?.Find(v => v.StartsWith(variable + "=", StringComparison.Ordinal)) is { } set) attributes[variable] = set[(variable.Length + 1)..];
        if (options.TryGetValue("tag", out var tag) && tag.Length > 0)
            attributes["tag"] = tag.Replace("{{.ID}}", id[..12], StringComparison.Ordinal).Replace("{{.FullID}}", id, StringComparison.Ordinal)
                .Replace("{{.Name}}", name, StringComparison.Ordinal).Replace("{{.ImageName}}", about.Image, StringComparison.Ordinal);
        return attributes.Count > 0 ? attributes : null;
    }

    private static string[] Names(Dictionary<string, string> options, string key) =>
        options.TryGetValue(key, out var list) ? list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];

    private static int Count(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 ? count : throw Wrong("max-file cannot be less than 1");

    // go-units: a number and k, m or g, powers of 1024.
    private static long Bytes(string text)
    {
        var lower = text.Trim().ToLowerInvariant().TrimEnd('b').TrimEnd('i');
        if (lower == "-1") return Unlimited;
        var shift = lower.Length > 0 ? lower[^1] switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 } : 0;
        var number = shift > 0 ? lower[..^1] : lower;
        return decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is > 0 and < 1_000_000_000
            ? (long)(value * (1L << shift))
            : throw Wrong($"invalid size: '{text}'");
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

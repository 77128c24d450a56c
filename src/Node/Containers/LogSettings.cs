using System.Globalization;
using Yun.Node.Logs.Targets;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary><c>--log-driver</c> and <c>--log-opt</c>, as the keeper takes them. Every driver but <c>none</c> has the log in files here, for <c>logs</c> to read.</summary>
internal static class LogSettings
{
    internal const string Journald = "journald";

    private const string JsonFile = "json-file", Local = "local", None = "none", Syslog = "syslog";
    private const long Unlimited = -1, FileBytesUnsaid = 20 << 20;
    private const int FilesUnsaid = 5;

    private static readonly string[] s_common = ["mode", "max-buffer-size", "labels", "labels-regex", "env", "env-regex", "tag", "cache-disabled", "cache-max-size", "cache-max-file", "cache-compress"];
    private static readonly string[] s_files = ["max-size", "max-file", "compress"];
    private static readonly string[] s_syslog = ["syslog-address", "syslog-facility", "syslog-format", "syslog-tls-ca-cert", "syslog-tls-cert", "syslog-tls-key", "syslog-tls-skip-verify"];

    internal static IReadOnlyList<string> Drivers { get; } = [JsonFile, Local, Journald, Syslog, None];

    /// <summary>Null for the driver <c>none</c>.</summary>
    /// <exception cref="EngineException">An option is unknown or cannot be read.</exception>
    public static KeeperLog? Of(Container container) => Of(container.HostConfig.LogConfig, container.LogPath, container.Id, container.Name, container.Config);

    public static void Check(LogConfig? config)
    {
        if (config?.Type is { Length: > 0 } type && !Drivers.Contains(type)) throw Wrong($"logger: no log driver named '{type}' is registered");
        Of(config, "", new string('0', 64), "", new ContainerConfig());
        if (config?.Type == Syslog) SyslogOptions.Parse(config.Config ?? []);
    }

    /// <summary>Records go elsewhere too.</summary>
    public static bool IsForwarded(LogConfig? config) => config?.Type is Journald or Syslog;

    public static LogSource SourceOf(Container container)
    {
        var attributes = Attributes(container.HostConfig.LogConfig?.Config ?? [], container.Id, container.Name, container.Config) ?? [];
        return new LogSource(container.Id, container.Name, container.Config.Image ?? "", attributes.Remove("tag", out var tag) ? tag : container.Id[..12], attributes);
    }

    private static KeeperLog? Of(LogConfig? config, string path, string id, string name, ContainerConfig about)
    {
        if (config?.Type == None) return null;
        var options = config?.Config ?? [];
        foreach (var option in options.Keys)
            if (!s_common.Contains(option) && !(config?.Type == Syslog ? s_syslog : config?.Type == Journald ? [] : s_files).Contains(option)) throw Wrong($"unknown log opt '{option}' for {config!.Type} log driver");
        var (sizeName, countName) = IsForwarded(config) ? ("cache-max-size", "cache-max-file") : ("max-size", "max-file");
        var hasSize = options.TryGetValue(sizeName, out var size);
        // A size alone means one file with json-file, as ever; where nothing is said a log is bounded, and -1 says that it shall not be.
        var filesMax = options.TryGetValue(countName, out var files) ? Count(files) : hasSize && config?.Type is null or "" or JsonFile ? 1 : FilesUnsaid;
        var bytesMax = hasSize ? Bytes(size!) : FileBytesUnsaid;
        if (bytesMax == Unlimited && filesMax > 1) throw Wrong($"{countName} cannot be more than 1 when {sizeName} is not set");
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

    private static long Bytes(string text) => text.Trim() == "-1" ? Unlimited : ByteSize.Parse(text);

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

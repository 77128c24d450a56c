using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary>The JSON file of <c>--config-file</c>: dockerd's daemon.json, as far as its words mean something here. Others are refused, so that nobody relies on what is not done.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed class DaemonConfigFile
{
    public const string DefaultPath = "/etc/yun/daemon.json";

    [JsonPropertyName("data-root")] public string? DataRoot { get; set; }
    [JsonPropertyName("exec-root")] public string? ExecRoot { get; set; }
    [JsonPropertyName("hosts")] public List<string>? Hosts { get; set; }
    [JsonPropertyName("pidfile")] public string? PidFile { get; set; }
    [JsonPropertyName("log-level")] public string? LogLevel { get; set; }
    [JsonPropertyName("debug")] public bool? Debug { get; set; }
    [JsonPropertyName("group")] public string? Group { get; set; }
    [JsonPropertyName("bridge")] public string? Bridge { get; set; }
    [JsonPropertyName("bip")] public string? Bip { get; set; }
    [JsonPropertyName("init-path")] public string? InitPath { get; set; }
    [JsonPropertyName("shutdown-timeout")] public int? ShutdownTimeout { get; set; }
    [JsonPropertyName("insecure-registries")] public List<string>? InsecureRegistries { get; set; }
    [JsonPropertyName("dns")] public List<string>? Dns { get; set; }
    [JsonPropertyName("dns-search")] public List<string>? DnsSearch { get; set; }
    [JsonPropertyName("dns-opts")] public List<string>? DnsOptions { get; set; }
    [JsonPropertyName("mtu")] public int? Mtu { get; set; }
    [JsonPropertyName("registry")] public string? Registry { get; set; }
    [JsonPropertyName("trust-policy")] public string? TrustPolicy { get; set; }
    [JsonPropertyName("labels")] public List<string>? Labels { get; set; }
    /// <summary>Accepted for files written for dockerd; containers always outlive this daemon.</summary>
    [JsonPropertyName("live-restore")] public bool? LiveRestore { get; set; }

    /// <summary>Reads the file. One that does not exist is empty, unless the user named it.</summary>
    public static DaemonConfigFile Read(string path, bool named)
    {
        if (!named && !File.Exists(path)) return new DaemonConfigFile();
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), DaemonConfigJson.Default.DaemonConfigFile) ?? new DaemonConfigFile();
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"unable to configure the daemon with file {path}: {error.Message}", error);
        }
    }
}

[JsonSourceGenerationOptions(ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(DaemonConfigFile))]
internal sealed partial class DaemonConfigJson : JsonSerializerContext;

using Yun.Node;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary>How the daemon runs: dockerd's flags, and the file of <c>--config-file</c>, put together.</summary>
/// <param name="Hosts">Where the API listens; empty means <see cref="ListenAddress.Default"/>.</param>
/// <param name="Group">Who may use the unix socket beside root: a group's name or number. A group that does not exist is only an error when it was asked for.</param>
/// <param name="Registry">Where the images of the data root's registry are served, as ADDRESS:PORT; null serves none.</param>
/// <param name="TrustPolicy">What images must show before they are pulled: a JSON file.</param>
/// <param name="LogLevel">debug, info, warn, error, fatal.</param>
public sealed record DaemonOptions(
    string DataRoot = "/var/lib/yun", string ExecRoot = "/run/yun", IReadOnlyList<string>? Hosts = null, string PidFile = "/run/yun.pid",
    string LogLevel = "info", string? Group = null, string? Bridge = null, string? Bip = null, string? RuntimePath = null, string? InitPath = null,
    int StopTimeoutSeconds = 10, IReadOnlyList<string>? InsecureRegistries = null, IReadOnlyList<string>? Dns = null,
    IReadOnlyList<string>? DnsSearch = null, IReadOnlyList<string>? DnsOptions = null, int Mtu = 1500, IReadOnlyList<string>? Labels = null,
    string? Registry = null, string? TrustPolicy = null)
{
    public IReadOnlyList<ListenAddress> Addresses { get; } = Hosts is { Count: > 0 } ? [.. Hosts.Select(ListenAddress.Parse)] : [ListenAddress.Default];

    public Severity Threshold { get; } = LogLevel switch
    {
        "debug" or "trace" => Severity.Debug,
        "info" => Severity.Info,
        "warn" or "warning" => Severity.Warn,
        "error" or "fatal" or "panic" => Severity.Error,
        _ => throw new EngineException(ErrorKind.InvalidArgument, $"invalid logging level: {LogLevel}"),
    };

    /// <summary>What the engine below the API needs of it. yun-runtime lies beside yun unless it is said otherwise.</summary>
    public EngineOptions ForEngine() => new EngineOptions(
        Path.GetFullPath(DataRoot), Path.GetFullPath(ExecRoot), RuntimePath ?? Path.Combine(AppContext.BaseDirectory, "yun-runtime"), InitPath,
        Bridge, Bip, StopTimeoutSeconds, Mtu, Dns, DnsSearch, DnsOptions, InsecureRegistries).Checked();
}

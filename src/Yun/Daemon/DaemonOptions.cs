using System.Globalization;
using System.Net;
using Yun.Daemon.Configuration;
using Yun.Images.Registry;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Node.Containers.UserIds;
using Yun.Node.Machines;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary>How the daemon runs: its settings, read and checked.</summary>
public sealed record DaemonOptions
{
    public required EngineOptions Engine { get; init; }

    /// <summary>Where the API listens.</summary>
    public required IReadOnlyList<ListenAddress> Addresses { get; init; }

    /// <summary>What TCP needs; null where nothing listens there.</summary>
    public TlsFiles? Tls { get; init; }

    public required string PidFile { get; init; }
    public Severity Threshold { get; init; } = Severity.Info;
    public bool LogsJson { get; init; }

    /// <summary>Who may use the unix socket beside root: a group's name or number. A group that does not exist is only an error when it was asked for.</summary>
    public string? Group { get; init; }

    /// <summary>Where the images of the data root's registry are served, as ADDRESS:PORT; null serves none.</summary>
    public string? Registry { get; init; }

    /// <summary>What images must show before they are pulled: a JSON file.</summary>
    public string? TrustPolicy { get; init; }

    public IPEndPoint? Metrics { get; init; }

    internal static DaemonOptions From(DaemonSettings settings, DaemonDefaults defaults)
    {
        var addresses = settings.List("host") is { Count: > 0 } hosts ? hosts : [defaults.Host];
        var tls = settings.Flag("tlsverify") == true
            ? new TlsFiles(settings.Text("tlscacert") ?? "/etc/docker/ca.pem", settings.Text("tlscert") ?? "/etc/docker/cert.pem", settings.Text("tlskey") ?? "/etc/docker/key.pem") : null;
        return new DaemonOptions
        {
            Engine = EngineOf(settings),
            Addresses = [.. addresses.Select(address => ListenAddress.Parse(address, defaults.Host, tls is not null))],
            Tls = tls,
            PidFile = settings.Text("pidfile") ?? defaults.PidFile,
            Threshold = ThresholdOf(settings.Text("log-level") ?? (settings.Flag("debug") == true ? "debug" : "info")),
            LogsJson = settings.Text("log-format") switch { null or "text" => false, "json" => true, var other => throw Wrong($"--log-format is {other}: it must be text or json.") },
            Group = settings.Text("group"), Registry = settings.Text("registry"), TrustPolicy = settings.Text("trust-policy"),
            Metrics = settings.Text("metrics-addr") is not { } text ? null : IPEndPoint.TryParse(text, out var at) && at.Port > 0 ? at : throw Wrong($"--metrics-addr is {text}: it must be ADDRESS:PORT."),
        };
    }

    /// <exception cref="EngineException">It is no level.</exception>
    public static Severity ThresholdOf(string level) => level switch
    {
        "debug" or "trace" => Severity.Debug,
        "info" => Severity.Info,
        "warn" or "warning" => Severity.Warn,
        "error" or "fatal" or "panic" => Severity.Error,
        _ => throw Wrong($"invalid logging level: {level}"),
    };

    private static EngineOptions EngineOf(DaemonSettings settings)
    {
        var (dataRoot, execRoot) = (Path.GetFullPath(settings.Text("data-root") ?? "/var/lib/yun"), Path.GetFullPath(settings.Text("exec-root") ?? "/run/yun"));
        return new EngineOptions(dataRoot, execRoot, settings.Text("runtime-path") ?? Path.Combine(AppContext.BaseDirectory, "yun-runtime"), settings.Text("init-path"))
        {
            Labels = settings.List("label"),
            Machines = MachinesOf(settings),
            Networks = NetworksOf(settings, dataRoot, execRoot),
            Containers = ContainersOf(settings),
            Registries = RegistriesOf(settings),
        }.Checked();
    }

    internal static RegistryOptions RegistriesOf(DaemonSettings settings) =>
        new(settings.List("insecure-registry"), settings.List("registry-mirror"), Tries: settings.Number("max-download-attempts") ?? 5, LayersAtOnce: settings.Number("max-concurrent-downloads") ?? 3);

    private static NetworkOptions NetworksOf(DaemonSettings settings, string dataRoot, string execRoot)
    {
        var ports = settings.Text("published-ports") ?? "translated";
        if (ports is not ("translated" or "relayed")) throw Wrong($"--published-ports is {ports}: it must be translated or relayed.");
        var ready = settings.Number("namespaces-ready") ?? 3;
        if (ready is < 0 or > 100) throw Wrong($"--namespaces-ready is {ready}: it must be 0 to 100.");
        return new NetworkOptions(dataRoot, execRoot)
        {
            Bridge = settings.Text("bridge"), BridgeAddress = settings.Text("bip"), BridgeRange = settings.Text("fixed-cidr"),
            BridgeHasIpv6 = settings.Flag("ipv6") == true, BridgeIpv6Subnet = settings.Text("fixed-cidr-v6"), AddressPools = [.. settings.List("default-address-pool").Select(AddressPoolBase.Parse)],
            InterContainerCommunication = settings.Flag("icc") ?? true, IsMasqueraded = settings.Flag("ip-masq") ?? true, DefaultHostIp = settings.Text("ip") ?? "0.0.0.0", HostGateway = settings.Text("host-gateway-ip"), RelaysPorts = ports == "relayed", NamespacesReady = ready,
            Mtu = settings.Number("mtu") ?? 1500, Dns = Said(settings.List("dns")), DnsSearch = Said(settings.List("dns-search")), DnsOptions = Said(settings.List("dns-opt")),
        };
    }

    private static IdRange UserIdsOf(DaemonSettings settings) => settings.Text("userns-range") is { Length: > 0 } range ? IdRange.Parse(range, UserIdPool.Each) : IdRange.Default;

    private static MachineOptions MachinesOf(DaemonSettings settings)
    {
        var options = new MachineOptions { Tools = settings.Text("machine-tools"), StartsWarm = settings.Flag("machine-warm-start") == true, MergesMemory = settings.Flag("machine-memory-merging") == true };
        return settings.Number("machine-boot-deadline") is { } seconds ? options with { BootDeadlineSeconds = seconds } : options;
    }

    private static ContainerPolicy ContainersOf(DaemonSettings settings) => new()
    {
        UserIds = UserIdsOf(settings),
        UserRemap = settings.Text("userns-remap") is { Length: > 0 } remap ? UserRemap.Read(remap, new SubordinateIds(), UserIdsOf(settings)) : null,
        Profile = settings.Text("default-profile") ?? "docker",
        Init = settings.Flag("init") ?? false,
        Ulimits = [.. settings.Map("default-ulimit").Select(limit => UlimitOf(limit.Key, limit.Value))],
        ShmSizeBytes = settings.Text("default-shm-size") is { } size ? ByteSize.Parse(size) : ContainerDefaults.ShmSizeBytes,
        IpcMode = settings.Text("default-ipc-mode") is var ipc && ipc is null or "private" or "shareable" ? ipc ?? "private" : throw Wrong($"--default-ipc-mode is {ipc}: it must be private or shareable."),
        CgroupnsMode = settings.Text("default-cgroupns-mode") is var cgroupns && cgroupns is null or "private" or "host" ? cgroupns : throw Wrong($"--default-cgroupns-mode is {cgroupns}: it must be private or host."),
        CgroupParent = settings.Text("cgroup-parent"),
        CdiDirectories = settings.List("cdi-spec-dir") is { Count: > 0 } directories ? [.. directories.Where(directory => directory != "")] : ContainerPolicy.CdiDefaults,
        NoNewPrivileges = settings.Flag("no-new-privileges") ?? false,
        SeccompProfile = settings.Text("seccomp-profile") switch
        {
            null or "" or "builtin" => null,
            "unconfined" => "unconfined",
            var path => File.Exists(path) ? File.ReadAllText(path) : throw Wrong($"--seccomp-profile is {path}: there is no such file."),
        },
        Log = new LogConfig { Type = settings.Text("log-driver") ?? "json-file", Config = settings.Map("log-opt") },
    };

    // nofile=1024:2048, or one number for both.
    private static Ulimit UlimitOf(string name, string text)
    {
        var parts = text.Split(':');
        if (parts.Length is 1 or 2 && long.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var soft) && long.TryParse(parts[^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var hard))
            return new Ulimit { Name = name, Soft = soft, Hard = hard };
        throw Wrong($"--default-ulimit is {name}={text}: it must be NAME=SOFT[:HARD].");
    }

    private static IReadOnlyList<string>? Said(IReadOnlyList<string> list) => list.Count == 0 ? null : list;

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

/// <summary>Of <c>--tlsverify</c>, in PEM: who signs clients' certificates, the daemon's own, and its key.</summary>
public sealed record TlsFiles(string Authority, string Certificate, string Key);

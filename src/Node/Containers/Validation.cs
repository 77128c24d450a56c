using System.Text.RegularExpressions;
using Yun.Linux;
using Yun.Node.Containers.Spec;
using Yun.Node.Machines;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>Refuses what cannot be, before anything is made, in Docker's words: clients show them and some look for them.</summary>
public static partial class Validation
{
    private const string NamePattern = "[a-zA-Z0-9][a-zA-Z0-9_.-]";

    /// <summary>A name without its slash.</summary>
    public static string Name(string name)
    {
        var bare = name.StartsWith('/') ? name[1..] : name;
        return NameText().IsMatch(bare) ? bare : throw Wrong($"Invalid container name ({name}), only {NamePattern} are allowed");
    }

    public static void Check(ContainerConfig config, HostConfig host)
    {
        if (config.WorkingDir is { Length: > 0 } directory && !directory.StartsWith('/'))
            throw Wrong($"the working directory '{directory}' is invalid, it needs to be an absolute path");
        foreach (var variable in config.Env ?? [])
        {
            if (variable.Length == 0) throw Wrong("invalid environment variable: empty");
            if (variable[0] == '=') throw Wrong($"invalid environment variable: {variable}");
        }
        foreach (var port in config.ExposedPorts?.Keys ?? Enumerable.Empty<string>()) NetworkController.ParseKey(port);
        if (config.StopSignal is { Length: > 0 } signal) _ = Signal(signal);
        if (config.Hostname is { Length: > 63 }) throw Wrong($"invalid hostname format: {config.Hostname}");
        OneLine("hostname", config.Hostname);
        OneLine("domainname", config.Domainname);
        Health(config);
        HealthFailure.Check(config);
        Check(host);
        if (host.Runtime == ContainerDefaults.MachineRuntime) ImageMachines.Check(config, host);
    }

    public static void Check(HostConfig host)
    {
        RestartPolicy(host.RestartPolicy, host.AutoRemove);
        if (host.ShmSize < 0) throw Wrong("SHM size can not be less than 0");
        if (host.OomScoreAdj is < -1000 or > 1000) throw Wrong($"Invalid value {host.OomScoreAdj}, range for oom score adj is [-1000, 1000]");
        if (host.Runtime is not (null or "" or ContainerDefaults.Runtime or ContainerDefaults.MachineRuntime or "runc" or "io.containerd.runc.v2")) throw Wrong($"unknown or invalid runtime name: {host.Runtime}");
        if (host.Annotations?.ContainsKey("") == true) throw Wrong("invalid Annotations: the empty string is not permitted as an annotation key");
        foreach (var (port, bindings) in host.PortBindings ?? [])
        {
            NetworkController.ParseKey(port);
            foreach (var binding in bindings ?? []) PortTable.ParsePorts(binding.HostPort);
        }
        LogSettings.Check(host.LogConfig);
        if (host.StorageOpt is { Count: > 0 }) throw Wrong("--storage-opt is not supported by this storage driver");
        OneLine("extra host", [.. host.ExtraHosts ?? []]);
        OneLine("link", [.. host.Links ?? []]);
        OneLine("DNS server", [.. host.Dns ?? []]);
        OneLine("DNS search domain", [.. host.DnsSearch ?? []]);
        OneLine("DNS option", [.. host.DnsOptions ?? []]);
        Modes(host);
        KernelParameters.Check(host);
        SecurityProfile.Check(host);
        _ = SecurityOptions.Parse(host);
        _ = CapabilitySet.Of(host);
        _ = ProcessLimits.Of(host.Ulimits);
        foreach (var rule in host.DeviceCgroupRules ?? []) _ = DeviceAccess.ParseRule(rule);
        ResourceChecks.Check(host);
    }

    /// <summary>Addresses that cannot be any network's; whether they lie in the one they are wanted on shows when it is joined.</summary>
    public static void Check(NetworkingConfig? networking)
    {
        foreach (var (network, endpoint) in networking?.EndpointsConfig ?? [])
        {
            static bool IsOf(string? text, System.Net.Sockets.AddressFamily family) => text is null or "" || (System.Net.IPAddress.TryParse(text, out var address) && address.AddressFamily == family);
            var (ipv4, ipv6) = (endpoint?.IpamConfig?.Ipv4Address, endpoint?.IpamConfig?.Ipv6Address);
            if (!IsOf(ipv4, System.Net.Sockets.AddressFamily.InterNetwork)) throw Wrong($"invalid endpoint settings for network {network}:\ninvalid IPv4 address: {ipv4}");
            if (!IsOf(ipv6, System.Net.Sockets.AddressFamily.InterNetworkV6)) throw Wrong($"invalid endpoint settings for network {network}:\ninvalid IPv6 address: {ipv6}");
            foreach (var local in endpoint?.IpamConfig?.LinkLocalIps ?? [])
                if (!System.Net.IPAddress.TryParse(local, out _)) throw Wrong($"invalid endpoint settings for network {network}:\ninvalid link-local IP address: {local}");
        }
    }

    /// <summary>The number of a signal named as in <c>docker kill</c>.</summary>
    public static int Signal(string name) => SignalNames.NumberOf(name) ?? throw Wrong($"Invalid signal: {name}");

    public static void RestartPolicy(RestartPolicy? policy, bool autoRemove)
    {
        if (policy?.Name is null or "" or "no")
        {
            if (policy?.MaximumRetryCount > 0) throw Wrong("invalid restart policy: maximum retry count can only be used with 'on-failure'");
            return;
        }
        if (policy.Name is not ("always" or "unless-stopped" or "on-failure"))
            throw Wrong($"invalid restart policy: unknown policy '{policy.Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
        if (policy.MaximumRetryCount < 0) throw Wrong("invalid restart policy: maximum retry count cannot be negative");
        if (policy.Name != "on-failure" && policy.MaximumRetryCount > 0) throw Wrong("invalid restart policy: maximum retry count can only be used with 'on-failure'");
        if (autoRemove) throw Wrong("can't create 'AutoRemove' container with restart policy");
    }

    // Each becomes part of a line in /etc/hostname, /etc/hosts or /etc/resolv.conf, and must not become two (CVE-2022-4318).
    private static void OneLine(string what, params ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
            if (value?.Any(char.IsControl) == true) throw Wrong($"invalid {what}: it holds a control character, such as the end of a line");
    }

    private static void Modes(HostConfig host)
    {
        static bool IsContainer(string? mode) => NamespaceMode.SharedContainer(mode) is not null;
        if (host.IpcMode is not (null or "" or "none" or "private" or "shareable" or "host") && !IsContainer(host.IpcMode)) throw Wrong($"invalid IPC mode: {host.IpcMode}");
        if (host.PidMode is not (null or "" or "private" or "host") && !IsContainer(host.PidMode)) throw Wrong($"invalid PID mode: {host.PidMode}");
        if (host.UtsMode is not (null or "" or "private" or "host")) throw Wrong($"invalid UTS mode: {host.UtsMode}");
        if (host.UsernsMode is not (null or "" or "host")) throw Wrong($"invalid user namespace mode: {host.UsernsMode}");
        if (host.CgroupnsMode is not (null or "" or "private" or "host")) throw Wrong($"invalid cgroup namespace mode: {host.CgroupnsMode}");
    }

    private static void Health(ContainerConfig config)
    {
        if (config.Healthcheck is not { } health) return;
        const long millisecond = 1_000_000;
        if (health.Interval is not 0 and < millisecond) throw Wrong("Interval in Healthcheck cannot be less than 1ms");
        if (health.Timeout is not 0 and < millisecond) throw Wrong("Timeout in Healthcheck cannot be less than 1ms");
        if (health.StartPeriod is not 0 and < millisecond) throw Wrong("StartPeriod in Healthcheck cannot be less than 1ms");
        if (health.StartInterval is not 0 and < millisecond) throw Wrong("StartInterval in Healthcheck cannot be less than 1ms");
        if (health.Retries < 0) throw Wrong("Retries in Healthcheck cannot be negative");
        if (health.Test is [var kind, ..] && kind is not ("" or "NONE" or "CMD" or "CMD-SHELL")) throw Wrong($"Unknown type '{kind}' in HEALTHCHECK (try CMD)");
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex NameText();
}

using Yun.Oci;

namespace Yun.Node.Containers.Spec;

/// <summary>What a start has found out that the record does not say.</summary>
/// <param name="User">Looked up in the image.</param>
/// <param name="Mounts">The container's own: binds, volumes, tmpfs, images. Outer ones first.</param>
/// <param name="RootfsPropagation">What those need of the root; null when nothing.</param>
/// <param name="HasNetworkNamespace">False when the container uses the host's network.</param>
/// <param name="JoinedPid">The first process of the container whose PID namespace is shared; 0 when none is.</param>
/// <param name="JoinedIpc">The same for IPC.</param>
/// <param name="InitPath">The program that goes before the container's; null for none.</param>
public sealed record StartFacts(
    ContainerUser User, IReadOnlyList<SpecMount> Mounts, string? RootfsPropagation, bool HasNetworkNamespace, int JoinedPid, int JoinedIpc, string? InitPath);

/// <summary>
/// Makes the OCI specification of a container: the values of its <see cref="SecurityProfile"/>, with what the user asked for. It reads
/// the record and the host's devices and changes nothing, so that a spec can be printed and compared.
/// </summary>
public sealed class RuntimeSpecBuilder(Container container, StartFacts facts)
{
    /// <summary>Where the container sees the init of <c>--init</c>.</summary>
    public const string InitInside = "/sbin/docker-init";

    private readonly ContainerConfig _config = container.Config;
    private readonly HostConfig _host = container.HostConfig;

    public RuntimeSpec Build()
    {
        var security = SecurityOptions.Parse(_host);
        var capabilities = CapabilitySet.Of(_host);
        var (devices, rules) = DeviceAccess.Of(_host);
        return new RuntimeSpec
        {
            Root = new SpecRoot { Path = "rootfs", Readonly = _host.ReadonlyRootfs },
            Hostname = _host.UtsMode == "host" ? null : container.Hostname,
            Domainname = _host.UtsMode == "host" ? null : _config.Domainname is { Length: > 0 } domain ? domain : null,
            Process = Process(security, capabilities),
            Mounts = new SpecMounts(container, facts).Build(),
            Annotations = _host.Annotations is { Count: > 0 } annotations ? new(annotations) : null,
            Linux = new SpecLinux
            {
                Namespaces = Namespaces(),
                UidMappings = container.UserNamespace is { } space ? [.. space.Users] : null,
                GidMappings = container.UserNamespace is { } ids ? [.. ids.Groups] : null,
                CgroupsPath = container.CgroupPath,
                Resources = ResourceLimits.Of(_host, rules),
                Devices = devices,
                MaskedPaths = _host.Privileged ? null : _host.MaskedPaths,
                ReadonlyPaths = _host.Privileged ? null : _host.ReadonlyPaths,
                Seccomp = security.FilterFor(capabilities),
                Sysctl = KernelParameters.Of(_host, facts.HasNetworkNamespace && !container.SharesNetwork, container.UserNamespace),
                RootfsPropagation = facts.RootfsPropagation,
            },
        };
    }

    private SpecProcess Process(SecurityOptions security, IReadOnlyList<string> capabilities) => new()
    {
        Terminal = _config.Tty,
        ConsoleSize = _config.Tty && _host.ConsoleSize is [> 0 and var height, > 0 and var width] ? new SpecBox { Height = (ushort)height, Width = (ushort)width } : null,
        Cwd = _config.WorkingDir is { Length: > 0 } directory ? directory : "/",
        Env = Variables.Of(container.Hostname, _config.Tty, LegacyLink.Variables(container), _config.Env ?? [], facts.User.Home),
        Args = facts.InitPath is null ? [.. container.Record.Command] : [InitInside, .. _host.PidMode is "host" or "" or null or "private" ? [] : (string[])["-s"], "--", .. container.Record.Command],
        User = facts.User.ForSpec(),
        Capabilities = CapabilitySet.ForSpec(capabilities),
        NoNewPrivileges = security.NoNewPrivileges,
        ApparmorProfile = security.AppArmor,
        Rlimits = ProcessLimits.Of(_host.Ulimits),
        OomScoreAdj = _host.OomScoreAdj,
    };

    private List<SpecNamespace> Namespaces()
    {
        var namespaces = new List<SpecNamespace> { new() { Type = "mount" } };
        if (container.UserNamespace is not null) namespaces.Add(new SpecNamespace { Type = "user" });
        if (facts.HasNetworkNamespace) namespaces.Add(new SpecNamespace { Type = "network" });
        if (_host.UtsMode != "host") namespaces.Add(new SpecNamespace { Type = "uts" });
        if (facts.JoinedPid > 0) namespaces.Add(new SpecNamespace { Type = "pid", Path = $"/proc/{facts.JoinedPid}/ns/pid" });
        else if (_host.PidMode != "host") namespaces.Add(new SpecNamespace { Type = "pid" });
        if (facts.JoinedIpc > 0) namespaces.Add(new SpecNamespace { Type = "ipc", Path = $"/proc/{facts.JoinedIpc}/ns/ipc" });
        else if (_host.IpcMode != "host") namespaces.Add(new SpecNamespace { Type = "ipc" });
        if (_host.CgroupnsMode == "private") namespaces.Add(new SpecNamespace { Type = "cgroup" });
        if (SecurityProfile.IsStrict(_host)) namespaces.Add(new SpecNamespace { Type = "time" });
        return namespaces;
    }
}

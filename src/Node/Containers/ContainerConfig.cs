using System.Text.Json.Serialization;
using Yun.Oci;

namespace Yun.Node.Containers;

// What a container is asked to be, in the Docker Engine API's own words (API 1.50, ContainerConfig and HostConfig), so that the request,
// the record on disk and `inspect` are one type. Absent and null mean "not said"; defaults are applied where the OCI spec is made.

/// <summary>What depends on the image and moves with it: Docker's <c>Config</c>.</summary>
public class ContainerConfig
{
    public string? Hostname { get; set; }
    public string? Domainname { get; set; }
    /// <summary>A name or number, optionally <c>:</c> and a group, looked up in the image's own passwd and group files.</summary>
    public string? User { get; set; }
    public bool AttachStdin { get; set; }
    public bool AttachStdout { get; set; }
    public bool AttachStderr { get; set; }
    /// <summary>Keys are <c>port/protocol</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, EmptyObject>? ExposedPorts { get; set; }
    public bool Tty { get; set; }
    public bool OpenStdin { get; set; }
    public bool StdinOnce { get; set; }
    public List<string>? Env { get; set; }
    [JsonConverter(typeof(StringOrListConverter))] public List<string>? Cmd { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public HealthConfig? Healthcheck { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? ArgsEscaped { get; set; }
    public string? Image { get; set; }
    public Dictionary<string, EmptyObject>? Volumes { get; set; }
    public string? WorkingDir { get; set; }
    [JsonConverter(typeof(StringOrListConverter))] public List<string>? Entrypoint { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? NetworkDisabled { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? MacAddress { get; set; }
    public List<string>? OnBuild { get; set; }
    public Dictionary<string, string>? Labels { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? StopSignal { get; set; }
    /// <summary>Seconds; the daemon's default is 10.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? StopTimeout { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] [JsonConverter(typeof(StringOrListConverter))] public List<string>? Shell { get; set; }
}

/// <summary>What depends on the host: Docker's <c>HostConfig</c>.</summary>
public sealed class HostConfig
{
    /// <summary><c>source:destination[:options]</c>; a source that is not an absolute path names a volume.</summary>
    public List<string>? Binds { get; set; }
    public string? ContainerIDFile { get; set; }
    public LogConfig? LogConfig { get; set; }
    /// <summary>bridge, none, host, container:ID, or a network's name or id.</summary>
    public string? NetworkMode { get; set; }
    public Dictionary<string, List<PortBinding>?>? PortBindings { get; set; }
    public RestartPolicy? RestartPolicy { get; set; }
    public bool AutoRemove { get; set; }
    public string? VolumeDriver { get; set; }
    public List<string>? VolumesFrom { get; set; }
    public int[]? ConsoleSize { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? Annotations { get; set; }
    public List<string>? CapAdd { get; set; }
    public List<string>? CapDrop { get; set; }
    public string? CgroupnsMode { get; set; }
    public List<string>? Dns { get; set; }
    public List<string>? DnsOptions { get; set; }
    public List<string>? DnsSearch { get; set; }
    public List<string>? ExtraHosts { get; set; }
    public List<string>? GroupAdd { get; set; }
    public string? IpcMode { get; set; }
    public string? Cgroup { get; set; }
    public List<string>? Links { get; set; }
    public int OomScoreAdj { get; set; }
    public string? PidMode { get; set; }
    public bool Privileged { get; set; }
    public bool PublishAllPorts { get; set; }
    public bool ReadonlyRootfs { get; set; }
    public List<string>? SecurityOpt { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? StorageOpt { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? Tmpfs { get; set; }
    [JsonPropertyName("UTSMode")] public string? UtsMode { get; set; }
    public string? UsernsMode { get; set; }
    /// <summary>Bytes; 0 is the default of 64 MiB.</summary>
    public long ShmSize { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? Sysctls { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Runtime { get; set; }
    public string? Isolation { get; set; }
    public long CpuShares { get; set; }
    public long Memory { get; set; }
    /// <summary>Billionths of a CPU.</summary>
    public long NanoCpus { get; set; }
    public string? CgroupParent { get; set; }
    public ushort BlkioWeight { get; set; }
    public List<BlkioWeightDevice>? BlkioWeightDevice { get; set; }
    public List<BlkioRateDevice>? BlkioDeviceReadBps { get; set; }
    public List<BlkioRateDevice>? BlkioDeviceWriteBps { get; set; }
    [JsonPropertyName("BlkioDeviceReadIOps")] public List<BlkioRateDevice>? BlkioDeviceReadIops { get; set; }
    [JsonPropertyName("BlkioDeviceWriteIOps")] public List<BlkioRateDevice>? BlkioDeviceWriteIops { get; set; }
    public long CpuPeriod { get; set; }
    public long CpuQuota { get; set; }
    public long CpuRealtimePeriod { get; set; }
    public long CpuRealtimeRuntime { get; set; }
    public string? CpusetCpus { get; set; }
    public string? CpusetMems { get; set; }
    public List<DeviceMapping>? Devices { get; set; }
    public List<string>? DeviceCgroupRules { get; set; }
    public List<DeviceRequest>? DeviceRequests { get; set; }
    public long KernelMemory { get; set; }
    public long KernelMemoryTCP { get; set; }
    public long MemoryReservation { get; set; }
    /// <summary>Memory and swap together, in bytes; -1 is no limit, 0 is twice Memory.</summary>
    public long MemorySwap { get; set; }
    public long? MemorySwappiness { get; set; }
    public bool? OomKillDisable { get; set; }
    public long? PidsLimit { get; set; }
    public List<Ulimit>? Ulimits { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public List<MountPoint>? Mounts { get; set; }
    public List<string>? MaskedPaths { get; set; }
    public List<string>? ReadonlyPaths { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? Init { get; set; }
    /// <summary>Read-only entries of <see cref="Binds"/> do not reach what is mounted inside them, as it was before API 1.44. Not a word of the API.</summary>
    [JsonIgnore] public bool LeavesInnerMountsWritable { get; set; }
}

public sealed class LogConfig
{
    public string Type { get; set; } = "";
    public Dictionary<string, string>? Config { get; set; }
}

public sealed class PortBinding
{
    public string? HostIp { get; set; }
    public string? HostPort { get; set; }
}

public sealed class RestartPolicy
{
    /// <summary>Empty or no, always, unless-stopped, on-failure.</summary>
    public string? Name { get; set; }
    public int MaximumRetryCount { get; set; }
}

public sealed class BlkioWeightDevice
{
    public string Path { get; set; } = "";
    public ushort Weight { get; set; }
}

public sealed class BlkioRateDevice
{
    public string Path { get; set; } = "";
    public ulong Rate { get; set; }
}

public sealed class DeviceMapping
{
    public string PathOnHost { get; set; } = "";
    public string PathInContainer { get; set; } = "";
    public string CgroupPermissions { get; set; } = "";
}

public sealed class DeviceRequest
{
    public string? Driver { get; set; }
    public int Count { get; set; }
    public List<string>? DeviceIDs { get; set; }
    public List<List<string>>? Capabilities { get; set; }
    public Dictionary<string, string>? Options { get; set; }
}

public sealed class Ulimit
{
    public string Name { get; set; } = "";
    public long Soft { get; set; }
    public long Hard { get; set; }
}

/// <summary>Docker's <c>Mount</c> object, as <c>--mount</c> sends it.</summary>
public sealed class MountPoint
{
    /// <summary>bind, volume, tmpfs or image.</summary>
    public string Type { get; set; } = "";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Source { get; set; }
    public string Target { get; set; } = "";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool ReadOnly { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Consistency { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public BindOptions? BindOptions { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public VolumeOptions? VolumeOptions { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ImageMountOptions? ImageOptions { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public TmpfsOptions? TmpfsOptions { get; set; }
}

public sealed class BindOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Propagation { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool NonRecursive { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool CreateMountpoint { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool ReadOnlyNonRecursive { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool ReadOnlyForceRecursive { get; set; }
}

public sealed class VolumeOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool NoCopy { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? Labels { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public VolumeDriver? DriverConfig { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Subpath { get; set; }
}

public sealed class VolumeDriver
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Name { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? Options { get; set; }
}

public sealed class ImageMountOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Subpath { get; set; }
}

public sealed class TmpfsOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long SizeBytes { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public uint Mode { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public List<List<string>>? Options { get; set; }
}

/// <summary>Which networks to join and how: Docker's <c>NetworkingConfig</c>.</summary>
public sealed class NetworkingConfig
{
    public Dictionary<string, EndpointSettings?>? EndpointsConfig { get; set; }
}

/// <summary>A container's place on one network: what was asked (IPAMConfig, Aliases, Links) and what it got.</summary>
public sealed class EndpointSettings
{
    [JsonPropertyName("IPAMConfig")] public EndpointIpamConfig? IpamConfig { get; set; }
    public List<string>? Links { get; set; }
    public List<string>? Aliases { get; set; }
    public string? MacAddress { get; set; }
    public Dictionary<string, string>? DriverOpts { get; set; }
    public int GwPriority { get; set; }
    [JsonPropertyName("NetworkID")] public string? NetworkId { get; set; }
    [JsonPropertyName("EndpointID")] public string? EndpointId { get; set; }
    public string? Gateway { get; set; }
    [JsonPropertyName("IPAddress")] public string? IpAddress { get; set; }
    [JsonPropertyName("IPPrefixLen")] public int IpPrefixLen { get; set; }
    [JsonPropertyName("IPv6Gateway")] public string? Ipv6Gateway { get; set; }
    [JsonPropertyName("GlobalIPv6Address")] public string? GlobalIpv6Address { get; set; }
    [JsonPropertyName("GlobalIPv6PrefixLen")] public int GlobalIpv6PrefixLen { get; set; }
    [JsonPropertyName("DNSNames")] public List<string>? DnsNames { get; set; }

    public EndpointSettings WithMacAddress(string mac)
    {
        var copy = (EndpointSettings)MemberwiseClone();
        copy.MacAddress = mac;
        return copy;
    }
}

public sealed class EndpointIpamConfig
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] [JsonPropertyName("IPv4Address")] public string? Ipv4Address { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] [JsonPropertyName("IPv6Address")] public string? Ipv6Address { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] [JsonPropertyName("LinkLocalIPs")] public List<string>? LinkLocalIps { get; set; }
}

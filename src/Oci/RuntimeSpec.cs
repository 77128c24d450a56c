using System.Text.Json;
using System.Text.Json.Serialization;

namespace Yun.Oci;

// The OCI runtime specification's config.json for Linux (opencontainers/runtime-spec, 1.0 to 1.3), property by property under the
// specification's own names. Absent and null are the same. Sizes are bytes, times as the specification says.

/// <summary>A bundle's <c>config.json</c>.</summary>
public sealed class RuntimeSpec
{
    public string OciVersion { get; set; } = "1.2.0";
    public SpecRoot? Root { get; set; }
    public string? Hostname { get; set; }
    public string? Domainname { get; set; }
    public SpecProcess? Process { get; set; }
    public List<SpecMount>? Mounts { get; set; }
    public SpecHooks? Hooks { get; set; }
    public SpecLinux? Linux { get; set; }
    public Dictionary<string, string>? Annotations { get; set; }
}

public sealed class SpecRoot
{
    public string Path { get; set; } = "";
    public bool Readonly { get; set; }
}

public sealed class SpecProcess
{
    public bool Terminal { get; set; }
    public SpecBox? ConsoleSize { get; set; }
    public string Cwd { get; set; } = "";
    public List<string>? Env { get; set; }
    public List<string>? Args { get; set; }
    public List<SpecRlimit>? Rlimits { get; set; }
    public string? ApparmorProfile { get; set; }
    public SpecCapabilities? Capabilities { get; set; }
    public bool NoNewPrivileges { get; set; }
    public int? OomScoreAdj { get; set; }
    public SpecScheduler? Scheduler { get; set; }
    public string? SelinuxLabel { get; set; }
    [JsonPropertyName("ioPriority")] public SpecIoPriority? IoPriority { get; set; }
    [JsonPropertyName("execCPUAffinity")] public SpecCpuAffinity? ExecCpuAffinity { get; set; }
    public SpecUser User { get; set; } = new();
}

public sealed class SpecBox
{
    public ushort Height { get; set; }
    public ushort Width { get; set; }
}

public sealed class SpecUser
{
    public uint Uid { get; set; }
    public uint Gid { get; set; }
    public uint? Umask { get; set; }
    public List<uint>? AdditionalGids { get; set; }
}

public sealed class SpecRlimit
{
    public string Type { get; set; } = "";
    public ulong Soft { get; set; }
    public ulong Hard { get; set; }
}

public sealed class SpecCapabilities
{
    public List<string>? Bounding { get; set; }
    public List<string>? Effective { get; set; }
    public List<string>? Inheritable { get; set; }
    public List<string>? Permitted { get; set; }
    public List<string>? Ambient { get; set; }
}

public sealed class SpecScheduler
{
    public string Policy { get; set; } = "";
    public int? Nice { get; set; }
    public int? Priority { get; set; }
    public List<string>? Flags { get; set; }
    public ulong? Runtime { get; set; }
    public ulong? Deadline { get; set; }
    public ulong? Period { get; set; }
}

public sealed class SpecIoPriority
{
    public string Class { get; set; } = "";
    public int Priority { get; set; }
}

public sealed class SpecCpuAffinity
{
    public string? Initial { get; set; }
    public string? Final { get; set; }
}

public sealed class SpecMount
{
    public string Destination { get; set; } = "";
    public string? Type { get; set; }
    public string? Source { get; set; }
    public List<string>? Options { get; set; }
    public List<SpecIdMapping>? UidMappings { get; set; }
    public List<SpecIdMapping>? GidMappings { get; set; }
}

public sealed class SpecHooks
{
    public List<SpecHook>? Prestart { get; set; }
    public List<SpecHook>? CreateRuntime { get; set; }
    public List<SpecHook>? CreateContainer { get; set; }
    public List<SpecHook>? StartContainer { get; set; }
    public List<SpecHook>? Poststart { get; set; }
    public List<SpecHook>? Poststop { get; set; }
}

public sealed class SpecHook
{
    public string Path { get; set; } = "";
    public List<string>? Args { get; set; }
    public List<string>? Env { get; set; }
    /// <summary>Seconds.</summary>
    public int? Timeout { get; set; }
}

public sealed class SpecLinux
{
    public List<SpecNamespace>? Namespaces { get; set; }
    public List<SpecIdMapping>? UidMappings { get; set; }
    public List<SpecIdMapping>? GidMappings { get; set; }
    public Dictionary<string, SpecTimeOffset>? TimeOffsets { get; set; }
    public List<SpecDevice>? Devices { get; set; }
    public string? CgroupsPath { get; set; }
    public SpecResources? Resources { get; set; }
    public string? RootfsPropagation { get; set; }
    public SpecSeccomp? Seccomp { get; set; }
    public Dictionary<string, string>? Sysctl { get; set; }
    public List<string>? MaskedPaths { get; set; }
    public List<string>? ReadonlyPaths { get; set; }
    public string? MountLabel { get; set; }
    public SpecPersonality? Personality { get; set; }
    public SpecMemoryPolicy? MemoryPolicy { get; set; }
    /// <summary>By their names on the host.</summary>
    public Dictionary<string, SpecNetDevice>? NetDevices { get; set; }
}

public sealed class SpecNetDevice
{
    /// <summary>In the container; null keeps the host's.</summary>
    public string? Name { get; set; }
}

public sealed class SpecNamespace
{
    public string Type { get; set; } = "";
    public string? Path { get; set; }
}

public sealed class SpecIdMapping
{
    [JsonPropertyName("containerID")] public uint ContainerId { get; set; }
    [JsonPropertyName("hostID")] public uint HostId { get; set; }
    public uint Size { get; set; }
}

public sealed class SpecTimeOffset
{
    public long Secs { get; set; }
    public uint Nanosecs { get; set; }
}

public sealed class SpecDevice
{
    public string Type { get; set; } = "";
    public string Path { get; set; } = "";
    public long? Major { get; set; }
    public long? Minor { get; set; }
    public uint? FileMode { get; set; }
    public uint? Uid { get; set; }
    public uint? Gid { get; set; }
}

public sealed class SpecResources
{
    public List<SpecDeviceRule>? Devices { get; set; }
    public SpecMemory? Memory { get; set; }
    public SpecCpu? Cpu { get; set; }
    public SpecPids? Pids { get; set; }
    public SpecBlockIo? BlockIO { get; set; }
    public List<SpecHugepageLimit>? HugepageLimits { get; set; }
    public SpecNetwork? Network { get; set; }
    /// <summary>By device.</summary>
    public Dictionary<string, SpecRdma>? Rdma { get; set; }
    public Dictionary<string, string>? Unified { get; set; }
}

public sealed class SpecRdma
{
    public uint? HcaHandles { get; set; }
    public uint? HcaObjects { get; set; }
}

public sealed class SpecDeviceRule
{
    public bool Allow { get; set; }
    public string? Type { get; set; }
    public long? Major { get; set; }
    public long? Minor { get; set; }
    public string? Access { get; set; }
}

public sealed class SpecMemory
{
    public long? Limit { get; set; }
    public long? Reservation { get; set; }
    public long? Swap { get; set; }
    public long? Kernel { get; set; }
    [JsonPropertyName("kernelTCP")] public long? KernelTcp { get; set; }
    public ulong? Swappiness { get; set; }
    [JsonPropertyName("disableOOMKiller")] public bool? DisableOomKiller { get; set; }
    public bool? UseHierarchy { get; set; }
    public bool? CheckBeforeUpdate { get; set; }
}

public sealed class SpecCpu
{
    public ulong? Shares { get; set; }
    public long? Quota { get; set; }
    public ulong? Burst { get; set; }
    public ulong? Period { get; set; }
    public long? RealtimeRuntime { get; set; }
    public ulong? RealtimePeriod { get; set; }
    public string? Cpus { get; set; }
    public string? Mems { get; set; }
    public long? Idle { get; set; }
}

public sealed class SpecPids
{
    public long? Limit { get; set; }
}

public sealed class SpecBlockIo
{
    public ushort? Weight { get; set; }
    public ushort? LeafWeight { get; set; }
    public List<SpecWeightDevice>? WeightDevice { get; set; }
    public List<SpecThrottleDevice>? ThrottleReadBpsDevice { get; set; }
    public List<SpecThrottleDevice>? ThrottleWriteBpsDevice { get; set; }
    [JsonPropertyName("throttleReadIOPSDevice")] public List<SpecThrottleDevice>? ThrottleReadIopsDevice { get; set; }
    [JsonPropertyName("throttleWriteIOPSDevice")] public List<SpecThrottleDevice>? ThrottleWriteIopsDevice { get; set; }
}

public sealed class SpecWeightDevice
{
    public long Major { get; set; }
    public long Minor { get; set; }
    public ushort? Weight { get; set; }
    public ushort? LeafWeight { get; set; }
}

public sealed class SpecThrottleDevice
{
    public long Major { get; set; }
    public long Minor { get; set; }
    public ulong Rate { get; set; }
}

public sealed class SpecHugepageLimit
{
    public string PageSize { get; set; } = "";
    public ulong Limit { get; set; }
}

public sealed class SpecNetwork
{
    [JsonPropertyName("classID")] public uint? ClassId { get; set; }
    public List<SpecInterfacePriority>? Priorities { get; set; }
}

public sealed class SpecInterfacePriority
{
    public string Name { get; set; } = "";
    public uint Priority { get; set; }
}

public sealed class SpecSeccomp
{
    public string DefaultAction { get; set; } = "";
    public uint? DefaultErrnoRet { get; set; }
    public List<string>? Architectures { get; set; }
    public List<string>? Flags { get; set; }
    public string? ListenerPath { get; set; }
    public string? ListenerMetadata { get; set; }
    public List<SpecSyscall>? Syscalls { get; set; }
}

public sealed class SpecSyscall
{
    public List<string> Names { get; set; } = [];
    public string Action { get; set; } = "";
    public uint? ErrnoRet { get; set; }
    public List<SpecSyscallArgument>? Args { get; set; }
}

public sealed class SpecSyscallArgument
{
    public uint Index { get; set; }
    public ulong Value { get; set; }
    public ulong ValueTwo { get; set; }
    public string Op { get; set; } = "";
}

public sealed class SpecPersonality
{
    public string Domain { get; set; } = "";
    public List<string>? Flags { get; set; }
}

public sealed class SpecMemoryPolicy
{
    public string Mode { get; set; } = "";
    /// <summary>A list such as <c>0-3,7</c>.</summary>
    public string? Nodes { get; set; }
    public List<string>? Flags { get; set; }
}

/// <summary>A container's state as the runtime prints it and hooks read it (runtime-spec, runtime.md).</summary>
public sealed class RuntimeState
{
    public string OciVersion { get; set; } = "1.2.0";
    public string Id { get; set; } = "";
    /// <summary>creating, created, running, paused or stopped.</summary>
    public string Status { get; set; } = "";
    public int? Pid { get; set; }
    public string Bundle { get; set; } = "";
    public Dictionary<string, string>? Annotations { get; set; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RuntimeSpec))]
[JsonSerializable(typeof(SpecProcess))]
[JsonSerializable(typeof(SpecResources))]
[JsonSerializable(typeof(SpecSeccomp))]
[JsonSerializable(typeof(RuntimeState))]
public sealed partial class RuntimeSpecJson : JsonSerializerContext;

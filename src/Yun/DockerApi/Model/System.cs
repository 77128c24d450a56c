using System.Text.Json.Serialization;

namespace Yun.DockerApi.Model;

/// <summary><c>GET /version</c>.</summary>
public sealed class VersionResponse
{
    public VersionPlatform? Platform { get; set; }
    public List<ComponentVersion>? Components { get; set; }
    public string Version { get; set; } = "";
    public string ApiVersion { get; set; } = "";
    [JsonPropertyName("MinAPIVersion")] public string? MinApiVersion { get; set; }
    public string GitCommit { get; set; } = "";
    public string GoVersion { get; set; } = "";
    public string Os { get; set; } = "";
    public string Arch { get; set; } = "";
    public string? KernelVersion { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Experimental { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? BuildTime { get; set; }
}

public sealed class VersionPlatform
{
    public string Name { get; set; } = "";
}

public sealed class ComponentVersion
{
    public string Name { get; set; } = "";
    public string Version { get; set; } = "";
    public Dictionary<string, string>? Details { get; set; }
}

/// <summary><c>GET /info</c>.</summary>
public sealed class InfoResponse
{
    [JsonPropertyName("ID")] public string Id { get; set; } = "";
    public int Containers { get; set; }
    public int ContainersRunning { get; set; }
    public int ContainersPaused { get; set; }
    public int ContainersStopped { get; set; }
    public int Images { get; set; }
    public string Driver { get; set; } = "";
    /// <summary>Pairs of name and value, printed by clients in this order.</summary>
    public List<string[]>? DriverStatus { get; set; }
    public InfoPlugins Plugins { get; set; } = new();
    public bool MemoryLimit { get; set; }
    public bool SwapLimit { get; set; }
    public bool CpuCfsPeriod { get; set; }
    public bool CpuCfsQuota { get; set; }
    [JsonPropertyName("CPUShares")] public bool CpuShares { get; set; }
    [JsonPropertyName("CPUSet")] public bool CpuSet { get; set; }
    public bool PidsLimit { get; set; }
    [JsonPropertyName("IPv4Forwarding")] public bool Ipv4Forwarding { get; set; }
    public bool Debug { get; set; }
    public int NFd { get; set; }
    public bool OomKillDisable { get; set; }
    public int NGoroutines { get; set; }
    public DateTimeOffset SystemTime { get; set; }
    public string LoggingDriver { get; set; } = "";
    public string CgroupDriver { get; set; } = "";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? CgroupVersion { get; set; }
    public int NEventsListener { get; set; }
    public string KernelVersion { get; set; } = "";
    public string OperatingSystem { get; set; } = "";
    [JsonPropertyName("OSVersion")] public string? OsVersion { get; set; }
    [JsonPropertyName("OSType")] public string OsType { get; set; } = "linux";
    public string Architecture { get; set; } = "";
    public string? IndexServerAddress { get; set; }
    public RegistryServiceConfig? RegistryConfig { get; set; }
    [JsonPropertyName("NCPU")] public int NCpu { get; set; }
    public long MemTotal { get; set; }
    public List<EmptyResource>? GenericResources { get; set; }
    public string DockerRootDir { get; set; } = "";
    public string? HttpProxy { get; set; }
    public string? HttpsProxy { get; set; }
    public string? NoProxy { get; set; }
    public string Name { get; set; } = "";
    public List<string>? Labels { get; set; }
    public bool ExperimentalBuild { get; set; }
    public string ServerVersion { get; set; } = "";
    public Dictionary<string, RuntimeInfo>? Runtimes { get; set; }
    public string? DefaultRuntime { get; set; }
    public SwarmInfo Swarm { get; set; } = new();
    public bool LiveRestoreEnabled { get; set; }
    public string? Isolation { get; set; }
    public string? InitBinary { get; set; }
    public CommitInfo ContainerdCommit { get; set; } = new();
    public CommitInfo RuncCommit { get; set; } = new();
    public CommitInfo InitCommit { get; set; } = new();
    public List<string>? SecurityOptions { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? ProductLicense { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public List<AddressPool>? DefaultAddressPools { get; set; }
    [JsonPropertyName("CDISpecDirs")] public List<string>? CdiSpecDirs { get; set; }
    public List<string>? Warnings { get; set; }
}

/// <summary>Docker's swarm resources, which this engine has none of; the property is always null.</summary>
public sealed class EmptyResource;

public sealed class InfoPlugins
{
    public List<string>? Volume { get; set; }
    public List<string>? Network { get; set; }
    public List<string>? Authorization { get; set; }
    public List<string>? Log { get; set; }
}

public sealed class RegistryServiceConfig
{
    [JsonPropertyName("InsecureRegistryCIDRs")] public List<string>? InsecureRegistryCidrs { get; set; }
    public Dictionary<string, RegistryIndex>? IndexConfigs { get; set; }
    public List<string>? Mirrors { get; set; }
}

public sealed class RegistryIndex
{
    public string Name { get; set; } = "";
    public List<string>? Mirrors { get; set; }
    public bool Secure { get; set; }
    public bool Official { get; set; }
}

public sealed class RuntimeInfo
{
    [JsonPropertyName("path")] public string? Path { get; set; }
    [JsonPropertyName("runtimeArgs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public List<string>? RuntimeArgs { get; set; }
    [JsonPropertyName("status"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, string>? Status { get; set; }
}

public sealed class SwarmInfo
{
    [JsonPropertyName("NodeID")] public string NodeId { get; set; } = "";
    public string NodeAddr { get; set; } = "";
    public string LocalNodeState { get; set; } = "inactive";
    public bool ControlAvailable { get; set; }
    public string Error { get; set; } = "";
    public List<EmptyResource>? RemoteManagers { get; set; }
}

public sealed class CommitInfo
{
    [JsonPropertyName("ID")] public string Id { get; set; } = "";
}

public sealed class AddressPool
{
    public string Base { get; set; } = "";
    public int Size { get; set; }
}

using System.Text.Json.Serialization;

namespace Yun.DockerApi.Model;

/// <summary><c>GET /volumes/{name}</c> and each of <c>GET /volumes</c>.</summary>
public sealed class Volume
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public DateTimeOffset? CreatedAt { get; set; }
    public string Driver { get; set; } = "local";
    /// <summary>Null when none were given, as Docker has it.</summary>
    public Dictionary<string, string>? Labels { get; set; }
    public string Mountpoint { get; set; } = "";
    public string Name { get; set; } = "";
    public Dictionary<string, string>? Options { get; set; }
    public string Scope { get; set; } = "local";
    /// <summary>Only in <c>system df</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public VolumeUsage? UsageData { get; set; }
}

public sealed class VolumeUsage
{
    public long RefCount { get; set; }
    public long Size { get; set; }
}

public sealed class VolumeListResponse
{
    public List<Volume> Volumes { get; set; } = [];
    public List<string>? Warnings { get; set; }
}

public sealed class VolumeCreateRequest
{
    public string? Name { get; set; }
    public string? Driver { get; set; }
    public Dictionary<string, string>? DriverOpts { get; set; }
    public Dictionary<string, string>? Labels { get; set; }
}

public sealed class VolumePruneResponse
{
    public List<string>? VolumesDeleted { get; set; }
    public ulong SpaceReclaimed { get; set; }
}

using System.Text.Json.Serialization;

namespace Yun.DockerApi.Model;

/// <summary><c>GET /system/df</c>.</summary>
public sealed class DiskUsage
{
    public long LayersSize { get; set; }
    public List<ImageSummary>? Images { get; set; }
    public List<ContainerSummary>? Containers { get; set; }
    public List<Volume>? Volumes { get; set; }
    public List<BuildCacheRecord>? BuildCache { get; set; }
}

public sealed class BuildCacheRecord
{
    [JsonPropertyName("ID")] public string Id { get; set; } = "";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public List<string>? Parents { get; set; }
    public string Type { get; set; } = "regular";
    public string Description { get; set; } = "";
    public bool InUse { get; set; }
    public bool Shared { get; set; }
    public long Size { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public int UsageCount { get; set; }
}

/// <summary><c>POST /build/prune</c>.</summary>
public sealed class BuildPruneResponse
{
    public List<string>? CachesDeleted { get; set; }
    public ulong SpaceReclaimed { get; set; }
}

using System.Text.Json.Serialization;

namespace Yun.DockerApi.Model;

/// <summary>One image of <c>GET /images/json</c>.</summary>
public sealed class ImageSummary
{
    /// <summary>How many containers use it; -1 when it was not counted.</summary>
    public long Containers { get; set; } = -1;
    /// <summary>Seconds since 1970.</summary>
    public long Created { get; set; }
    public string Id { get; set; } = "";
    public Dictionary<string, string>? Labels { get; set; }
    public string ParentId { get; set; } = "";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ContentDescriptor? Descriptor { get; set; }
    /// <summary>Only where they were asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public List<ManifestSummary>? Manifests { get; set; }
    public List<string> RepoDigests { get; set; } = [];
    public List<string> RepoTags { get; set; } = [];
    /// <summary>-1 when it was not counted.</summary>
    public long SharedSize { get; set; } = -1;
    public long Size { get; set; }
}

/// <summary>One step of <c>GET /images/{name}/history</c>.</summary>
public sealed class ImageHistoryItem
{
    public string Comment { get; set; } = "";
    public long Created { get; set; }
    public string CreatedBy { get; set; } = "";
    /// <summary><c>&lt;missing&gt;</c> where no image stands for the step.</summary>
    public string Id { get; set; } = "";
    public long Size { get; set; }
    public List<string>? Tags { get; set; }
}

/// <summary>What <c>DELETE /images/{name}</c> did: one of the two.</summary>
public sealed class ImageDeleteItem
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Deleted { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Untagged { get; set; }
}

public sealed class ImagePruneResponse
{
    public List<ImageDeleteItem>? ImagesDeleted { get; set; }
    public ulong SpaceReclaimed { get; set; }
}

/// <summary>One finding of <c>GET /images/search</c>.</summary>
public sealed class ImageSearchResult
{
    [JsonPropertyName("star_count")] public int StarCount { get; set; }
    [JsonPropertyName("is_official")] public bool IsOfficial { get; set; }
    [JsonPropertyName("name")] public string Name { get; set; } = "";
    [JsonPropertyName("is_automated")] public bool IsAutomated { get; set; }
    [JsonPropertyName("description")] public string Description { get; set; } = "";
}

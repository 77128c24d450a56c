using System.Text.Json.Serialization;

namespace Yun.Node.Volumes;

/// <summary>A directory that outlives containers, or a file system that is mounted when a container needs it. Kept in the store under <c>/volumes/NAME</c>.</summary>
public sealed record Volume
{
    /// <summary>Docker's label on volumes that nobody named; <c>volume prune</c> takes only those unless told otherwise.</summary>
    public const string AnonymousLabel = "com.docker.volume.anonymous";

    public string Name { get; set; } = "";
    public DateTimeOffset CreatedAt { get; set; }
    /// <summary>What the local driver was told: <c>type</c>, <c>device</c> and <c>o</c> of mount(8). Null when nothing was.</summary>
    public Dictionary<string, string>? Options { get; set; }
    public Dictionary<string, string>? Labels { get; set; }
    /// <summary>Its removal has begun; it is finished at the next start if it was cut short.</summary>
    public bool Removing { get; set; }

    [JsonIgnore] public bool IsAnonymous => Labels?.ContainsKey(AnonymousLabel) == true;
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Volume))]
public sealed partial class VolumeJson : JsonSerializerContext;

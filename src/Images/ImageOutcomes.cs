using Yun.Oci;

namespace Yun.Images;

/// <summary>One thing that removing an image did: a name taken away, or an image or layer deleted.</summary>
public sealed record ImageRemoval(string? Untagged, string? Deleted);

/// <summary>What a push left in the registry.</summary>
public sealed record PushedImage(string Tag, Digest Digest, long SizeBytes);

/// <summary>A repository that a search found.</summary>
public sealed record FoundRepository
{
    public string Name { get; set; } = "";
    public string? Description { get; set; }
    [System.Text.Json.Serialization.JsonPropertyName("star_count")] public int Stars { get; set; }
    [System.Text.Json.Serialization.JsonPropertyName("is_official")] public bool IsOfficial { get; set; }
}

/// <param name="Name">The name it was given; null for an image that came without one.</param>
public sealed record LoadedImage(Digest Id, string? Name);

/// <summary>What a name stands for in its registry when that is several platforms' images; null for an image that is not here.</summary>
public sealed record NamedIndex(Descriptor Descriptor, IReadOnlyList<(Descriptor Manifest, Image? Image)> Manifests);

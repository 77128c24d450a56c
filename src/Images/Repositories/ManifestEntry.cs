using System.Text.Json.Serialization;
using Yun.Images.Registry;
using Yun.Oci;

namespace Yun.Images.Repositories;

/// <summary>What a repository remembers of a manifest or an index beside its bytes.</summary>
public sealed record ManifestEntry
{
    public string MediaType { get; set; } = "";
    public Digest Digest { get; set; }
    public long Size { get; set; }
    public DateTimeOffset Pushed { get; set; }
    /// <summary>The manifest that this one says something about: a signature, a list of contents.</summary>
    public Digest? Subject { get; set; }
    public string? ArtifactType { get; set; }
    public Dictionary<string, string>? Annotations { get; set; }
    /// <summary>The configuration and the layers of a manifest.</summary>
    public List<Digest> Blobs { get; set; } = [];
    /// <summary>The manifests of an index.</summary>
    public List<Digest> Manifests { get; set; } = [];
    /// <summary>What its layers have together as they travel.</summary>
    public long LayersSize { get; set; }

    [JsonIgnore] public bool IsIndex => MediaTypes.IsIndex(MediaType);

    internal static ManifestEntry Of(FetchedManifest read, DateTimeOffset now)
    {
        var entry = new ManifestEntry { MediaType = read.Descriptor.MediaType, Digest = read.Descriptor.Digest, Size = read.Descriptor.Size, Pushed = now };
        if (read.Index is { } index) return entry with
        {
            Manifests = [.. (index.Manifests ?? []).Select(manifest => manifest.Digest)], Subject = Named(index.Subject), ArtifactType = index.ArtifactType, Annotations = index.Annotations,
        };
        var manifest = read.Manifest!;
        return entry with
        {
            // Layers that must not be passed on stay where their publisher has them.
            Blobs = [.. manifest.Layers!.Where(layer => !IsForeign(layer)).Append(manifest.Config!).Select(part => part.Digest).Distinct()],
            LayersSize = manifest.Layers!.Sum(layer => layer.Size), Subject = Named(manifest.Subject), Annotations = manifest.Annotations,
            // An artifact from before the field existed says what it is by its configuration.
            ArtifactType = manifest.ArtifactType is { Length: > 0 } type ? type : manifest.Config!.MediaType,
        };
    }

    private static Digest? Named(Descriptor? subject) => subject is { Digest.HasValue: true } ? subject.Digest : null;

    private static bool IsForeign(Descriptor layer) => layer.MediaType.Contains("nondistributable", StringComparison.Ordinal) || layer.MediaType.Contains(".foreign.", StringComparison.Ordinal);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ManifestEntry))]
internal sealed partial class ManifestEntryJson : JsonSerializerContext;

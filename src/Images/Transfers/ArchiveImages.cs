using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Transfers;

/// <summary>Which images an archive that was read holds: as Docker's <c>manifest.json</c> says, or else as the <c>index.json</c> of an OCI layout.</summary>
internal static class ArchiveImages
{
    private const string ContainerdName = "io.containerd.image.name", RefName = "org.opencontainers.image.ref.name";

    public static IReadOnlyList<ArchiveImage> Read(ArchiveLoad archive)
    {
        try
        {
            // Docker's list has no word for several platforms.
            if (archive.Document("index.json") is { } whole && JsonSerializer.Deserialize(whole, ImageJson.Default.ImageIndex) is { Manifests: { } entries } outer && entries.Exists(entry => MediaTypes.IsIndex(entry.MediaType)))
                return [.. FromLayout(archive, outer)];
            if (archive.Document("manifest.json") is { } docker) return [.. JsonSerializer.Deserialize(docker, ArchiveJson.Default.ListDockerArchiveItem)!.Select(item => FromDocker(archive, item))];
            if (archive.Document("index.json") is { } layout) return [.. FromLayout(archive, JsonSerializer.Deserialize(layout, ImageJson.Default.ImageIndex)!)];
        }
        catch (JsonException malformed)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"The archive's list of images is malformed: {malformed.Message}", malformed);
        }
        throw new EngineException(ErrorKind.InvalidArgument, "The archive holds no image: it has neither a manifest.json nor an index.json.");
    }

    private static ArchiveImage FromDocker(ArchiveLoad archive, DockerArchiveItem item)
    {
        var config = archive.Document(item.Config ?? "") ?? throw Missing(item.Config);
        return new ArchiveImage(config, [.. (item.Layers ?? []).Select(path => archive.Layer(path) ?? throw Missing(path))],
            [.. (item.RepoTags ?? []).Select(ParseName)], ManifestOf(archive, Digest.Of(config)), null);
    }

    /// <summary>Docker's list does not name manifests; where the archive is a layout as well, the one with this configuration is the image's.</summary>
    private static Descriptor? ManifestOf(ArchiveLoad archive, Digest config)
    {
        if (archive.Document("index.json") is not { } layout) return null;
        foreach (var entry in JsonSerializer.Deserialize(layout, ImageJson.Default.ImageIndex)?.Manifests ?? [])
            if (MediaTypes.IsManifest(entry.MediaType) && archive.Document(entry.Digest) is { } bytes
                && JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageManifest)?.Config?.Digest == config) return entry with { Annotations = null, Platform = null };
        return null;
    }

    private static IEnumerable<ArchiveImage> FromLayout(ArchiveLoad archive, ImageIndex layout)
    {
        foreach (var entry in layout.Manifests ?? [])
        {
            IReadOnlyList<ImageReference> names = NameOf(entry) is { } name ? [name] : [];
            if (archive.Document(entry.Digest) is not { } bytes)
            {
                // A layout may name other platforms' images without holding them.
                if (layout.Manifests!.Count > 1) continue;
                throw Missing(entry.Digest.ToString());
            }
            if (!MediaTypes.IsIndex(entry.MediaType))
            {
                if (FromManifest(archive, entry, bytes, names, null) is { } image) yield return image;
                continue;
            }
            var index = entry with { Annotations = null, Platform = null };
            var members = JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageIndex)!.Manifests ?? [];
            var here = members.Where(member => MediaTypes.IsManifest(member.MediaType)).Select(member => archive.Document(member.Digest) is { } manifest ? FromManifest(archive, member, manifest, names, index) : null)
                .OfType<ArchiveImage>().OrderByDescending(image => image.Membership!.Manifest.Platform is { } offered ? Platform.Host.Suits(offered) : 1).ToList();
            if (here.Count == 0) throw Missing(entry.Digest.ToString());
            foreach (var image in here) yield return image;
        }
    }

    /// <returns>Null for what is no image: an attestation beside one.</returns>
    private static ArchiveImage? FromManifest(ArchiveLoad archive, Descriptor entry, byte[] bytes, IReadOnlyList<ImageReference> names, Descriptor? index)
    {
        var manifest = JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageManifest)!;
        if (index is not null && manifest.Layers?.TrueForAll(layer => MediaTypes.IsLayer(layer.MediaType)) != true) return null;
        if (manifest.Config is null || archive.Document(manifest.Config.Digest) is not { } config) throw Missing(manifest.Config?.Digest.ToString());
        var layers = (manifest.Layers ?? []).Select(layer => archive.Layer($"blobs/sha256/{layer.Digest.Hex}") is { } found && found.Blob == layer.Digest ? found : throw Missing(layer.Digest.ToString()));
        return new ArchiveImage(config, [.. layers], names, entry with { Annotations = null, Platform = null }, index is null ? null : new IndexMembership(index, entry));
    }

    /// <summary>A bare tag says nothing without its repository.</summary>
    private static ImageReference? NameOf(Descriptor entry) =>
        entry.Annotations?.GetValueOrDefault(ContainerdName) is { } whole ? ParseName(whole)
        : entry.Annotations?.GetValueOrDefault(RefName) is { } text && text.AsSpan().ContainsAny('/', ':') ? ParseName(text) : null;

    private static ImageReference ParseName(string text)
    {
        try { return ImageReference.Parse(text).WithDefaultTag(); }
        catch (FormatException wrong) { throw new EngineException(ErrorKind.InvalidArgument, $"The archive gives an image the name '{text}': {wrong.Message}.", wrong); }
    }

    private static EngineException Missing(string? what) => new(ErrorKind.InvalidArgument, $"The archive lacks '{what}', which its list of images names.");
}

/// <summary>One image of an archive, its layers bottom first.</summary>
/// <param name="Names">Where the image is one of several platforms', the first of them takes the names.</param>
internal sealed record ArchiveImage(byte[] Config, IReadOnlyList<LoadedLayer> Layers, IReadOnlyList<ImageReference> Names, Descriptor? Manifest, IndexMembership? Membership);

/// <summary>One item of <c>manifest.json</c> (Docker's image spec v1.2, "Combined Image JSON + Filesystem Changeset Format").</summary>
internal sealed record DockerArchiveItem
{
    public string? Config { get; set; }
    public List<string>? RepoTags { get; set; }
    public List<string>? Layers { get; set; }
}

internal sealed record LayoutMarker
{
    [JsonPropertyName("imageLayoutVersion")] public string Version { get; set; } = "1.0.0";
}

[JsonSerializable(typeof(List<DockerArchiveItem>))]
[JsonSerializable(typeof(LayoutMarker))]
internal sealed partial class ArchiveJson : JsonSerializerContext;

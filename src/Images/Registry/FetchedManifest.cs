using System.Text.Json;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Registry;

/// <summary>A manifest or an index, and exactly one of them.</summary>
internal sealed record FetchedManifest(byte[] Bytes, Descriptor Descriptor, ImageManifest? Manifest, ImageIndex? Index)
{
    /// <exception cref="EngineException">InvalidArgument: it is neither, or could be read as both (CVE-2021-41190).</exception>
    public static FetchedManifest Read(byte[] bytes, Digest digest, string? contentType)
    {
        try
        {
            return ReadChecked(bytes, digest, contentType);
        }
        catch (JsonException malformed)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"The manifest {digest} is malformed: {malformed.Message}", malformed);
        }
    }

    /// <summary>Every digest and size in it can be used as they are.</summary>
    private static FetchedManifest ReadChecked(byte[] bytes, Digest digest, string? contentType)
    {
        var (hasManifests, hasParts, mediaType, schema) = Outline(bytes);
        if (schema == 1 || MediaTypes.IsSchema1(mediaType) || MediaTypes.IsSchema1(contentType))
            throw new EngineException(ErrorKind.InvalidArgument, "The image is in Docker's old format, manifest version 2 schema 1, which is no longer read. Push it again with a current client.");
        if (schema != 2) throw Malformed(digest, "it has no schemaVersion 2");
        if (hasManifests == hasParts) throw Malformed(digest, hasManifests ? "it could be read as a manifest and as an index" : "it is neither a manifest nor an index");
        var known = mediaType ?? (MediaTypes.IsManifest(contentType) || MediaTypes.IsIndex(contentType) ? contentType! : hasManifests ? MediaTypes.OciIndex : MediaTypes.OciManifest);
        if (hasManifests != MediaTypes.IsIndex(known) || (!hasManifests && !MediaTypes.IsManifest(known))) throw Malformed(digest, $"its media type '{known}' is not what it holds");
        if ((MediaTypes.IsManifest(contentType) || MediaTypes.IsIndex(contentType)) && contentType != known)
            throw Malformed(digest, $"the registry calls it '{contentType}', and it calls itself '{known}'");

        var descriptor = new Descriptor { MediaType = known, Digest = digest, Size = bytes.Length };
        if (hasManifests)
        {
            var index = JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageIndex)!;
            Check(digest, index.Manifests ?? []);
            return new FetchedManifest(bytes, descriptor, null, index);
        }
        var manifest = JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageManifest)!;
        if (manifest.Config is null || manifest.Layers is null) throw Malformed(digest, "it has no config or no layers");
        Check(digest, [manifest.Config, .. manifest.Layers]);
        return new FetchedManifest(bytes, descriptor, manifest, null);
    }

    /// <summary>The names at the top, each at most once: two readers may pick different ones of a repeated name.</summary>
    private static (bool HasManifests, bool HasParts, string? MediaType, int Schema) Outline(byte[] bytes)
    {
        var (names, hasManifests, hasParts, schema) = (new HashSet<string>(), false, false, 0);
        string? mediaType = null;
        using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 32 });
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("it is no object");
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (!names.Add(property.Name)) throw new JsonException($"'{property.Name}' stands in it twice");
            switch (property.Name)
            {
                case "manifests": hasManifests = true; break;
                case "config" or "layers": hasParts = true; break;
                case "fsLayers" or "history": schema = 1; break;
                case "mediaType" when property.Value.ValueKind == JsonValueKind.String: mediaType = property.Value.GetString(); break;
                case "schemaVersion" when property.Value.ValueKind == JsonValueKind.Number && schema == 0:
                    schema = property.Value.TryGetInt32(out var number) ? number : 0;
                    break;
            }
        }
        return (hasManifests, hasParts, mediaType, schema);
    }

    private static void Check(Digest digest, List<Descriptor> parts)
    {
        if (parts.Any(part => part is null || !part.Digest.HasValue || part.Size < 0)) throw Malformed(digest, "a part has no digest or no size");
    }

    private static EngineException Malformed(Digest digest, string reason) => new(ErrorKind.InvalidArgument, $"The manifest {digest} is refused: {reason}.");
}

using System.Text.Json.Serialization;
using Yun.Oci;

namespace Yun.Images;

/// <summary>What the store remembers of an image beside its content.</summary>
internal sealed record ImageRecord
{
    public Digest Id { get; set; }
    public Digest? Parent { get; set; }
    public DateTimeOffset? LastTagged { get; set; }
    /// <summary>Somebody asked for the image as it is, without a name: it is more than a step on the way to another.</summary>
    public bool Result { get; set; }
    /// <summary>The manifest this image came with; absent for an image made here that was never pushed.</summary>
    public Descriptor? Manifest { get; set; }
    /// <summary>Bottom first, one for each of the configuration's diff ids.</summary>
    public List<LayerRecord> Layers { get; set; } = [];
    /// <summary>The indexes of several platforms that it came in. One counts for as long as a name stands for it.</summary>
    public List<IndexMembership>? Indexes { get; set; }
    /// <summary>The image was removed while a container still stood on it: it is no longer shown, and goes when the container does.</summary>
    public bool Removed { get; set; }
}

/// <param name="Index">An index, whose bytes are in the content store.</param>
/// <param name="Manifest">The image's manifest, as that index names it.</param>
internal sealed record IndexMembership(Descriptor Index, Descriptor Manifest);

internal sealed record LayerRecord
{
    public Digest DiffId { get; set; }
    public Digest ChainId { get; set; }
    /// <summary>The layer as it travels, compressed; absent until it was pulled or pushed.</summary>
    public Descriptor? Blob { get; set; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImageRecord))]
internal sealed partial class ImageRecordJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace Yun.Oci;

/// <summary>The documents of an image as JSON. Documents may be hostile: readers bound their size first, and depth is bounded here.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 32)]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageConfig))]
public sealed partial class ImageJson : JsonSerializerContext;

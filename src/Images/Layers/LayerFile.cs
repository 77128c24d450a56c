using System.Text.Json.Serialization;
using Yun.Oci;

namespace Yun.Images.Layers;

/// <summary><c>layer.json</c> beside a layer's files: what the layer is. It comes into place with the files, by one rename.</summary>
internal sealed record LayerFile
{
    public Digest ChainId { get; set; }
    public Digest DiffId { get; set; }
    public Digest? Below { get; set; }
    public long Size { get; set; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LayerFile))]
internal sealed partial class LayerFileJson : JsonSerializerContext;

using System.Text.Json;
using Google.Protobuf;
using Yun.BuildKit.Protos.Gateway;
using Yun.Node.Builds;

namespace Yun.BuildKit;

/// <summary>A result for several platforms, as clients that drive their builds get it and give it back: a reference for each.</summary>
internal static class PlatformRefs
{
    private const string PlatformsKey = "refs.platforms";
    private const char Separator = '/';

    /// <param name="id">What the result is called as a whole.</param>
    public static Result Of(BuildProduct product, string id)
    {
        var refs = new RefMap();
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("Platforms");
            for (var i = 0; i < product.Images.Count; i++)
            {
                var platform = product.Images[i].Platform;
                refs.Refs[platform.ToString()] = new Ref { Id = $"{id}{Separator}{i}" };
                json.WriteStartObject();
                json.WriteString("ID", platform.ToString());
                json.WriteStartObject("Platform");
                json.WriteString("architecture", platform.Architecture);
                json.WriteString("os", platform.Os);
                if (platform.Variant is { } variant) json.WriteString("variant", variant);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return new Result { Refs = refs, Metadata = { [PlatformsKey] = ByteString.CopyFrom(bytes.GetBuffer(), 0, (int)bytes.Length) } };
    }

    /// <summary>What the result is called that these references are of.</summary>
    public static string? IdOf(RefMap refs) => refs.Refs.Values.FirstOrDefault()?.Id.Split(Separator)[0];
}

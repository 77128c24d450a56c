using System.Formats.Tar;
using System.Text;
using System.Text.Json;

namespace Yun.Commands.ImportDocker;

/// <summary>An image of dockerd's store in the form of <c>docker save</c>.</summary>
internal static class ImageArchive
{
    public static void Write(DockerRoot root, string id, IEnumerable<string> tags, Stream output)
    {
        var configuration = root.ImageConfiguration(id);
        using var json = JsonDocument.Parse(configuration);
        var layers = json.RootElement.GetProperty("rootfs").TryGetProperty("diff_ids", out var found) && found.ValueKind == JsonValueKind.Array ? found.EnumerateArray().Select(layer => layer.GetString()!).ToList() : [];
        using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        Add(tar, $"{id}.json", new MemoryStream(configuration));
        Add(tar, "manifest.json", new MemoryStream(Manifest(id, tags, layers)));
        for (var i = 0; i < layers.Count; i++)
        {
            // An entry says its size first, and a layer's is known when it is put together.
            using var layer = new FileStream(Path.Combine(Path.GetTempPath(), $"yun-import-{Guid.NewGuid():N}"), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
            root.WriteLayer(layers[..(i + 1)], layer);
            layer.Position = 0;
            Add(tar, NameOf(layers[i], i), layer);
        }
    }

    // Two layers may be equal.
    private static string NameOf(string layer, int place) => $"{place}-{layer["sha256:".Length..]}/layer.tar";

    private static void Add(TarWriter tar, string name, Stream content) => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content });

    private static byte[] Manifest(string id, IEnumerable<string> tags, List<string> layers)
    {
        var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            writer.WriteStartObject();
            writer.WriteString("Config", $"{id}.json");
            writer.WriteStartArray("RepoTags");
            foreach (var tag in tags) writer.WriteStringValue(tag);
            writer.WriteEndArray();
            writer.WriteStartArray("Layers");
            for (var i = 0; i < layers.Count; i++) writer.WriteStringValue(NameOf(layers[i], i));
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndArray();
        }
        return buffer.ToArray();
    }
}

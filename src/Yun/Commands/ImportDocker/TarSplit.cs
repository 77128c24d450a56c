using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Commands.ImportDocker;

/// <summary>Puts a layer's tar together again, to the last bit, from what Docker keeps of it: the headers in tar-split.json.gz, the contents in the layer's folder.</summary>
internal static class TarSplit
{
    private const int FileEntry = 1, SegmentEntry = 2;

    /// <param name="recipe">tar-split.json.gz (github.com/vbatts/tar-split): a line of JSON for each piece.</param>
    /// <param name="files">The layer's folder. Names in the recipe are an image's, so they are looked for inside it, whatever links it has.</param>
    public static void Assemble(string recipe, SafeFileHandle files, Stream tar)
    {
        using var lines = new StreamReader(new GZipStream(File.OpenRead(recipe), CompressionMode.Decompress));
        while (lines.ReadLine() is { } line)
        {
            if (line.Length == 0) continue;
            var entry = JsonSerializer.Deserialize(line, TarSplitJson.Default.TarSplitEntry)!;
            if (entry.Type == SegmentEntry) tar.Write(entry.Payload ?? []);
            else if (entry is { Type: FileEntry, Size: > 0 }) Copy(files, entry, tar);
        }
    }

    private static void Copy(SafeFileHandle files, TarSplitEntry entry, Stream tar)
    {
        var name = entry.NameRaw is { Length: > 0 } raw ? FileName.Decode(raw) : entry.Name;
        using var content = new FileStream(PathDescriptor.Open(files, name, OpenFlags.ReadOnly, Resolve.InRoot | Resolve.NoMagicLinks), FileAccess.Read);
        if (content.Length != entry.Size) throw new FailureException($"{name} of a layer has {content.Length} bytes, and not the {entry.Size} that it had: the layer was changed on disk");
        content.CopyTo(tar);
    }
}

internal sealed class TarSplitEntry
{
    [JsonPropertyName("type")] public int Type { get; set; }
    [JsonPropertyName("name")] public string Name { get; set; } = "";
    [JsonPropertyName("name_raw")] public byte[]? NameRaw { get; set; }
    [JsonPropertyName("size")] public long Size { get; set; }
    [JsonPropertyName("payload")] public byte[]? Payload { get; set; }
}

[JsonSerializable(typeof(TarSplitEntry))]
internal sealed partial class TarSplitJson : JsonSerializerContext;

using System.Text.Json;
using Yun.Archives;
using Yun.Images.Content;
using Yun.Images.Layers;
using Yun.Oci;

namespace Yun.Images.Transfers;

/// <summary>
/// Writes images as an OCI layout with Docker's <c>manifest.json</c>. A layer that was pulled is written as it travelled, so that the image keeps its digest
/// wherever it is loaded; one made here is written as a plain tar.
/// </summary>
internal sealed class ArchiveSave(ContentStore content, LayerBlobs blobs, TarWriter tar, CancellationToken cancel)
{
    private readonly HashSet<Digest> _written = [];

    /// <param name="indexes">The names that stand for an index, whose images that are here are written with it; an index without a name is called nothing.</param>
    public void Write(IReadOnlyList<(Image Image, ImageReference? Name)> chosen, IReadOnlyDictionary<string, SavedIndex> indexes)
    {
        tar.WriteEntry(Directory("blobs"));
        tar.WriteEntry(Directory("blobs/sha256"));
        var (index, items) = (new List<Descriptor>(), new List<DockerArchiveItem>());
        foreach (var group in chosen.GroupBy(one => one.Image.Id))
        {
            var image = group.First().Image;
            var (manifest, layers) = WriteImage(image);
            var names = group.Select(one => one.Name).OfType<ImageReference>().Distinct().ToList();
            index.AddRange(names.Count == 0 ? [indexes.TryGetValue("", out var nameless) ? WriteIndex(nameless) : manifest] : names.Select(name => (indexes.TryGetValue(name.ToString(), out var whole) ? WriteIndex(whole) : manifest) with
            {
                Annotations = new() { ["io.containerd.image.name"] = name.ToString(), ["org.opencontainers.image.ref.name"] = name.Tag! },
            }));
            items.Add(new DockerArchiveItem
            {
                Config = PathOf(image.Id), RepoTags = names.Count == 0 ? null : [.. names.Select(name => name.Familiar)], Layers = [.. layers.Select(layer => PathOf(layer.Digest))],
            });
        }
        tar.WriteFile("index.json", JsonSerializer.SerializeToUtf8Bytes(new ImageIndex { MediaType = MediaTypes.OciIndex, Manifests = index }, ImageJson.Default.ImageIndex));
        tar.WriteFile("manifest.json", JsonSerializer.SerializeToUtf8Bytes(items, ArchiveJson.Default.ListDockerArchiveItem));
        tar.WriteFile("oci-layout", JsonSerializer.SerializeToUtf8Bytes(new LayoutMarker(), ArchiveJson.Default.LayoutMarker));
        tar.Finish();
    }

    private (Descriptor Manifest, List<Descriptor> Layers) WriteImage(Image image)
    {
        var layers = image.Layers.Select((layer, i) => WriteLayer(layer, image.Record.Layers[i].Blob)).ToList();
        return (WriteManifest(image, layers), layers);
    }

    private Descriptor WriteIndex(SavedIndex index)
    {
        foreach (var image in index.Images) WriteImage(image);
        var bytes = content.Read(index.Index.Digest);
        WriteBlob(index.Index.Digest, bytes.Length, () => new MemoryStream(bytes, writable: false));
        return index.Index;
    }

    private Descriptor WriteLayer(Layer layer, Descriptor? blob)
    {
        if (blob is not null && content.SizeOf(blob.Digest) == blob.Size)
        {
            WriteBlob(blob.Digest, blob.Size, () => content.Open(blob.Digest));
            return new Descriptor { MediaType = blob.MediaType == MediaTypes.DockerLayerGzip ? MediaTypes.OciLayerGzip : blob.MediaType, Digest = blob.Digest, Size = blob.Size };
        }
        var size = blobs.TarBytes(layer, blob, cancel);
        WriteBlob(layer.DiffId, size, () => blobs.OpenTar(layer, blob, cancel));
        return new Descriptor { MediaType = MediaTypes.OciLayer, Digest = layer.DiffId, Size = size };
    }

    private Descriptor WriteManifest(Image image, List<Descriptor> layers)
    {
        var config = content.Read(image.Id);
        WriteBlob(image.Id, config.Length, () => new MemoryStream(config, writable: false));
        if (image.Manifest is not { } own || content.TryRead(own.Digest) is not { } bytes
            || JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageManifest)?.Layers?.Select(layer => layer.Digest).SequenceEqual(layers.Select(layer => layer.Digest)) != true)
        {
            var manifest = new ImageManifest { MediaType = MediaTypes.OciManifest, Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = image.Id, Size = config.Length }, Layers = layers };
            bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, ImageJson.Default.ImageManifest);
            own = new Descriptor { MediaType = MediaTypes.OciManifest };
        }
        var digest = Digest.Of(bytes);
        WriteBlob(digest, bytes.Length, () => new MemoryStream(bytes, writable: false));
        return new Descriptor { MediaType = own.MediaType, Digest = digest, Size = bytes.Length, Platform = image.Platform };
    }

    private void WriteBlob(Digest digest, long size, Func<Stream> open)
    {
        if (!_written.Add(digest)) return;
        tar.WriteEntry(new TarEntry { Kind = Linux.FileKind.Regular, Name = PathOf(digest), Size = size, Mode = 0x1A4 });
        using var bytes = open();
        var buffer = new byte[256 * 1024];
        long total = 0;
        for (int read; (read = bytes.Read(buffer)) > 0; total += read)
        {
            cancel.ThrowIfCancellationRequested();
            tar.WriteContent(buffer.AsSpan(0, read));
        }
        if (total != size) throw new InvalidDataException($"{digest} has {total} bytes where {size} were announced.");
        tar.EndContent(size);
    }

    private static string PathOf(Digest digest) => $"blobs/sha256/{digest.Hex}";

    private static TarEntry Directory(string name) => new() { Kind = Linux.FileKind.Directory, Name = name, Mode = 0x1ED };
}

/// <param name="Images">Those of the index that are here; at least one.</param>
internal sealed record SavedIndex(Descriptor Index, IReadOnlyList<Image> Images);

using System.Text.Json;
using Yun.Images.Content;
using Yun.Images.Layers;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Transfers;

/// <summary>Brings one image to a registry: layers it does not have, several at a time, then the configuration, then the manifest that names them.</summary>
/// <param name="neighbours">Other repositories of the registry that may have a blob.</param>
internal sealed class ImagePush(
    ContentStore content, RegistryClient registry, string repository, int layersAtOnce, Func<Digest, IEnumerable<string>> neighbours, Pins.Lease pins)
{
    private const int NeighboursMax = 3;

    /// <param name="tag">Null pushes it without a name, by its digest.</param>
    public async Task<(Descriptor Manifest, IReadOnlyList<Descriptor> Blobs)> RunAsync(Image image, string? tag, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        foreach (var layer in image.Layers.Reverse()) progress?.Report(new TransferProgress("Preparing", layer.DiffId.Short, HasDetail: true));
        var blobs = new Descriptor[image.Layers.Count];
        await Parallel.ForAsync(0, blobs.Length, new ParallelOptions { MaxDegreeOfParallelism = layersAtOnce, CancellationToken = cancel },
            async (i, stop) => blobs[i] = await PushLayerAsync(image.Layers[i], image.Record.Layers[i].Blob, progress, stop));

        var config = content.Read(image.Id);
        if (!await registry.HasBlobAsync(repository, image.Id, cancel))
            await registry.PutBlobAsync(repository, image.Id, config.Length, () => new MemoryStream(config, writable: false), _ => { }, cancel);
        var (bytes, mediaType) = ManifestOf(content, image, blobs, MediaTypes.DockerManifest);
        var digest = Digest.Of(bytes);
        pins.Add(digest);
        content.Write(bytes);
        await registry.PutManifestAsync(repository, tag ?? digest.ToString(), mediaType, bytes, cancel);
        return (new Descriptor { MediaType = mediaType, Digest = digest, Size = bytes.Length }, blobs);
    }

    /// <summary>Gives an index, whose images the registry has by now, a name there.</summary>
    public Task PutIndexAsync(Descriptor index, string tag, CancellationToken cancel) => registry.PutManifestAsync(repository, tag, index.MediaType, content.Read(index.Digest), cancel);

    private async Task<Descriptor> PushLayerAsync(Layer layer, Descriptor? blob, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        var id = layer.DiffId.Short;
        if (blob is not null) pins.Add(blob.Digest);
        if (blob is not null && await IsThereAsync(blob, id, progress, cancel)) return blob;
        if (blob is null || !content.Has(blob.Digest))
        {
            blob = await Task.Run(() => new LayerBlobs(content).Compress(layer, pins, cancel), cancel);
            if (await IsThereAsync(blob, id, progress, cancel)) return blob;
        }
        var pushing = new StepProgress(progress ?? new Progress<TransferProgress>(), "Pushing", id, blob.Size);
        await registry.PutBlobAsync(repository, blob.Digest, blob.Size, () => content.Open(blob.Digest), pushing.At, cancel);
        progress?.Report(new TransferProgress("Pushed", id, HasDetail: true));
        return blob;
    }

    private async Task<bool> IsThereAsync(Descriptor blob, string id, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        if (await registry.HasBlobAsync(repository, blob.Digest, cancel))
        {
            progress?.Report(new TransferProgress("Layer already exists", id, HasDetail: true));
            return true;
        }
        foreach (var neighbour in neighbours(blob.Digest).Take(NeighboursMax))
        {
            try
            {
                if (!await registry.MountBlobAsync(repository, blob.Digest, neighbour, cancel)) continue;
                progress?.Report(new TransferProgress($"Mounted from {neighbour}", id, HasDetail: true));
                return true;
            }
            catch (RegistryException)
            {
                // The user may not read the other repository, or it is gone; the upload needs neither.
            }
        }
        return false;
    }

    /// <summary>The manifest the image came with, if it says the same; else a new one.</summary>
    /// <param name="form">Docker's, which every registry and client takes, or OCI's, which belongs into OCI's indexes.</param>
    public static (byte[] Bytes, string MediaType) ManifestOf(ContentStore content, Image image, IReadOnlyList<Descriptor> blobs, string form)
    {
        var configSize = content.Read(image.Id).Length;
        if (image.Manifest is { } own && content.TryRead(own.Digest) is { } known
            && JsonSerializer.Deserialize(known, ImageJson.Default.ImageManifest)?.Layers?.Select(layer => layer.Digest).SequenceEqual(blobs.Select(blob => blob.Digest)) == true)
            return (known, own.MediaType);
        var manifest = new ImageManifest
        {
            MediaType = MediaTypes.DockerManifest,
            Config = new Descriptor { MediaType = MediaTypes.DockerConfig, Digest = image.Id, Size = configSize },
            Layers = [.. blobs.Select(blob => new Descriptor { MediaType = DockerTypeOf(blob), Digest = blob.Digest, Size = blob.Size })],
        };
        // Docker's own form has no word for zstd.
        if (form == MediaTypes.OciManifest || manifest.Layers.Exists(layer => layer.MediaType == MediaTypes.OciLayerZstd))
            manifest = manifest with
            {
                MediaType = MediaTypes.OciManifest, Config = manifest.Config with { MediaType = MediaTypes.OciConfig },
                Layers = [.. manifest.Layers.Select(layer => layer with { MediaType = layer.MediaType == MediaTypes.DockerLayerGzip ? MediaTypes.OciLayerGzip : layer.MediaType == MediaTypes.DockerLayer ? MediaTypes.OciLayer : layer.MediaType })],
            };
        return (JsonSerializer.SerializeToUtf8Bytes(manifest, ImageJson.Default.ImageManifest), manifest.MediaType);
    }

    private static string DockerTypeOf(Descriptor blob) => blob.MediaType switch
    {
        MediaTypes.OciLayerGzip => MediaTypes.DockerLayerGzip,
        MediaTypes.OciLayer => MediaTypes.DockerLayer,
        var other => other,
    };
}

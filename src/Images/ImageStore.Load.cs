using Yun.Archives;
using Yun.Images.Content;
using Yun.Images.Layers;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Reads an archive of <c>docker save</c> or an OCI layout, plain or compressed.</summary>
    public async Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, IProgress<TransferProgress>? progress, CancellationToken cancel = default)
    {
        using var pins = _pins.Take();
        using var load = new ArchiveLoad(_content, _layers, pins, progress, cancel);
        try
        {
            return await LoadAsync(archive, load, pins, cancel);
        }
        catch
        {
            await AbandonAsync(pins);
            throw;
        }
    }

    private async Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, ArchiveLoad load, Pins.Lease pins, CancellationToken cancel)
    {
        var images = await Task.Factory.StartNew(() =>
        {
            load.Read(archive);
            return ArchiveImages.Read(load);
        }, cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var loaded = new List<LoadedImage>();
        foreach (var image in images)
        {
            var id = await AddAsync(image, load, pins, cancel);
            if (image.Names.Count == 0) loaded.Add(new LoadedImage(id, null));
            foreach (var name in image.Names) loaded.Add(new LoadedImage(id, name.Familiar));
            Publish("load", id);
        }
        return loaded;
    }

    private async Task<Digest> AddAsync(ArchiveImage image, ArchiveLoad load, Pins.Lease pins, CancellationToken cancel)
    {
        var id = Digest.Of(image.Config);
        var config = RemoteImage.ParseConfig(image.Config, id);
        var diffIds = config.Rootfs!.DiffIds;
        if (diffIds.Count != image.Layers.Count)
            throw new EngineException(ErrorKind.InvalidArgument, $"The archive's image {id.Short} is refused: it has {image.Layers.Count} layers, and its configuration {diffIds.Count}.");
        var chains = Layer.ChainsOf(diffIds);
        pins.Add([id, .. chains]);
        var layers = new List<Layer>();
        for (var i = 0; i < diffIds.Count; i++)
        {
            if (image.Layers[i].Draft.DiffId != diffIds[i])
                throw new EngineException(ErrorKind.InvalidArgument, $"invalid diffID for layer {i}: expected \"{diffIds[i]}\", got \"{image.Layers[i].Draft.DiffId}\"");
            var (draft, below) = (image.Layers[i].Draft, layers.LastOrDefault());
            layers.Add(_layers.Find(chains[i]) ?? await Task.Run(() => draft.Committed ? Repeat(draft, below, cancel) : _layers.Commit(draft, below), cancel));
        }

        _content.Write(image.Config);
        // A manifest with plain layers is not how anyone pushes it, so it is not kept.
        var manifest = image.Layers.All(layer => layer.Compressed) && image.Manifest is { } named && load.Document(named.Digest) is { } bytes ? named with { Digest = _content.Write(bytes), Size = bytes.Length } : null;
        if (manifest is not null) pins.Add(manifest.Digest);
        var known = _catalog.Get(id, removedToo: true)?.Record;
        var record = new ImageRecord
        {
            Id = id,
            Parent = known?.Parent,
            Manifest = known?.Manifest ?? manifest,
            LastTagged = _time.GetUtcNow(),
            Layers = [.. layers.Select((layer, i) => new LayerRecord
            {
                DiffId = layer.DiffId, ChainId = layer.ChainId,
                Blob = image.Layers[i] is { Compressed: true } own ? new Descriptor { MediaType = TypeOf(own.Blob), Digest = own.Blob, Size = own.Size } : BlobOf(layer.ChainId),
            })],
        };
        using (await ChangeAsync(cancel))
        {
            await _catalog.PutAsync(record, config, layers);
            foreach (var name in image.Names) await _catalog.NameAsync(name, id);
        }
        return id;
    }

    /// <summary>The layer is wanted once more on top of other layers, after its files were given away.</summary>
    private Layer Repeat(LayerDraft done, Layer? below, CancellationToken cancel)
    {
        var twin = _layers.All().Select(_layers.Find).First(layer => layer?.DiffId == done.DiffId)!;
        using var draft = _layers.Begin();
        using var tar = new LayerBlobs(_content).OpenTar(twin, BlobOf(twin.ChainId), cancel);
        LayerUnpacker.Unpack(tar, draft, null, withRecipe: true, cancel);
        return _layers.Commit(draft, below);
    }

    private string TypeOf(Digest blob)
    {
        using var file = _content.Open(blob);
        Span<byte> start = stackalloc byte[Compression.MagicLength];
        file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return Compression.Detect(start) == CompressionKind.Zstd ? MediaTypes.OciLayerZstd : MediaTypes.OciLayerGzip;
    }
}

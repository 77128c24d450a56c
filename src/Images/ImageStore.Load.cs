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
    /// <param name="platform">Only the images for it; null takes all that the archive holds.</param>
    public async Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, IProgress<TransferProgress>? progress, Platform? platform = null, CancellationToken cancel = default)
    {
        using var pins = _pins.Take();
        using var load = new ArchiveLoad(_content, _layers, pins, progress, cancel);
        try
        {
            return await LoadAsync(archive, load, pins, platform, cancel);
        }
        catch
        {
            await AbandonAsync(pins);
            throw;
        }
    }

    private async Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, ArchiveLoad load, Pins.Lease pins, Platform? platform, CancellationToken cancel)
    {
        var images = await Task.Factory.StartNew(() =>
        {
            load.Read(archive);
            return ArchiveImages.Read(load);
        }, cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var loaded = new List<LoadedImage>();
        var wanted = images.Where(image => platform is null || platform.Suits(RemoteImage.ParseConfig(image.Config, Digest.Of(image.Config)).Platform) > 0).ToList();
        if (wanted.Count == 0 && platform is not null) throw new EngineException(ErrorKind.NotFound, $"The archive holds no image for the platform {platform}.");
        foreach (var image in wanted)
        {
            var id = await AddAsync(image, load, pins, cancel);
            if (image.Membership is { } other && image.Names.Any(name => _catalog.IndexOf(name) == other.Index.Digest && _catalog.IdOf(name) != id)) continue;
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
        // An index of images whose manifests are not kept would be one of other images.
        var membership = manifest is not null && image.Membership is { } its && load.Document(its.Index.Digest) is { } indexBytes ? its with { Index = its.Index with { Digest = _content.Write(indexBytes) } } : null;
        if (membership is not null) pins.Add(membership.Index.Digest);
        var known = _catalog.Get(id, removedToo: true)?.Record;
        var record = new ImageRecord
        {
            Id = id,
            Parent = known?.Parent,
            Indexes = IndexesOf(id, membership),
            Manifest = membership is null ? known?.Manifest ?? manifest : manifest,
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
            foreach (var name in image.Names)
            {
                // Of several platforms' images the one that suits this machine best came first.
                if (membership is not null && _catalog.IndexOf(name) == membership.Index.Digest && _catalog.IdOf(name) is { } first && first != id && _catalog.Get(first) is not null) continue;
                await _catalog.NameAsync(name, id, membership?.Index.Digest);
            }
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

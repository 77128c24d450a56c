using System.Runtime.CompilerServices;
using Yun.Images.Layers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Reads everything again, content and unpacked layers, and tells what is not as it was. Other work goes on meanwhile.</summary>
    /// <param name="repair">Also get again what is damaged: unpacked from content that is whole, downloaded from where it came.</param>
    public async IAsyncEnumerable<Damage> VerifyAsync(bool repair, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        foreach (var (id, names) in _catalog.Lost())
            yield return await RepairAsync(new Damage("image", id.ToString(), "its configuration or a layer of it is missing", [.. names.Select(name => name.Familiar)]), repair, () => RepairImageAsync(names, cancel));
        foreach (var digest in _content.All().Concat(Needed().Where(digest => IsContent(digest) && !_content.Has(digest))).ToHashSet())
        {
            var reason = await Task.Run(() => FaultOf(digest), cancel);
            if (reason is not null) yield return await RepairAsync(new Damage("content", digest.ToString(), reason, UsersOf(digest)), repair, () => RepairContentAsync(digest, cancel));
        }
        foreach (var chain in _layers.All().Concat(LayerRecords().Select(layer => layer.ChainId)).ToHashSet())
        {
            var reason = await Task.Run(() => FaultOfLayer(chain, cancel), cancel);
            if (reason is not null) yield return await RepairAsync(new Damage("layer", chain.ToString(), reason, UsersOf(chain)), repair, () => RepairLayerAsync(chain, cancel));
        }
    }

    private async Task<string> RepairImageAsync(IReadOnlyList<ImageReference> names, CancellationToken cancel)
    {
        var image = await PullAsync(NameInRegistry(names), null, null, null, cancel);
        using (await ChangeAsync(cancel))
            foreach (var name in names) await _catalog.NameAsync(name, image.Id, image.Index);
        return $"It was downloaded again with {NameInRegistry(names).Familiar}.";
    }

    private static async Task<Damage> RepairAsync(Damage damage, bool repair, Func<Task<string>> work)
    {
        if (!repair) return damage;
        try { return damage with { IsRepaired = true, Outcome = await work() }; }
        catch (EngineException failed) { return damage with { Outcome = failed.Message }; }
    }

    private IEnumerable<LayerRecord> LayerRecords() => _catalog.Everything().SelectMany(image => image.Record.Layers);

    // Chain ids are no blobs; all else that images stand on is.
    private bool IsContent(Digest digest) => LayerRecords().All(layer => layer.ChainId != digest);

    private string? FaultOf(Digest digest) => !_content.Has(digest) ? "it is missing" : _content.SizeOf(digest) == 0 ? "it is empty" : _content.IsIntact(digest) ? null : "its bytes are not those of its digest";

    private string? FaultOfLayer(Digest chain, CancellationToken cancel)
    {
        if (_layers.Find(chain) is not { } layer) return "it is missing";
        var blob = LayerRecords().FirstOrDefault(record => record.ChainId == chain)?.Blob;
        if (LayerStore.RecipeDirectory(layer) is null && (blob is null || !_content.IsIntact(blob.Digest))) return null;
        try
        {
            using var tar = new LayerBlobs(_content).OpenTar(layer, blob, cancel);
            // Made again from its files it is whole when its digest is right, which whoever reads it is told.
            if (LayerStore.RecipeDirectory(layer) is null) return LayerCheck.Find(layer, tar, cancel);
            tar.CopyTo(Stream.Null);
            return null;
        }
        catch (EngineException damaged) { return damaged.Message; }
    }

    private List<string> UsersOf(Digest digest) =>
    [
        .. _catalog.Everything().Where(image => image.Id == digest || image.Manifest?.Digest == digest || image.Record.Layers.Any(layer => layer.ChainId == digest || layer.Blob?.Digest == digest))
            .Select(image => image.RepoTags.Concat(image.RepoDigests).FirstOrDefault() ?? image.Id.ToString()),
    ];

    private async Task<string> RepairContentAsync(Digest digest, CancellationToken cancel)
    {
        var image = _catalog.Everything().FirstOrDefault(image => image.Id == digest || image.Manifest?.Digest == digest || image.Record.Layers.Any(layer => layer.Blob?.Digest == digest));
        // A partial download of the same name would be taken up; what is wrong is of no use to anybody.
        _content.Delete(digest);
        if (image is null) return "No image stands on it: it was deleted.";
        if (image.Record.Layers.FirstOrDefault(layer => layer.Blob?.Digest == digest) is not { } layer) return await DownloadAgainAsync(image, cancel);
        var remote = NameInRegistry(image.Names);
        using var pins = _pins.Take();
        pins.Add([digest]);
        try
        {
            using var ingest = Content.Ingest.Begin(_content);
            using (var source = new Registry.RegistryClient(_registries, remote.Domain, null).OpenBlob(remote.Path, layer.Blob!, 0, cancel))
            {
                var buffer = new byte[256 * 1024];
                for (int read; (read = await source.ReadAsync(buffer, cancel)) > 0;) ingest.Accept(buffer.AsSpan(0, read));
            }
            ingest.Commit(digest, layer.Blob!.Size);
            return $"It was downloaded again from {remote.Domain}.";
        }
        catch (Registry.RegistryException refused) { throw Registry.RegistryErrors.Pulling(remote, refused); }
    }

    /// <summary>Puts a whole one in its place. A running container has its files open by name, so it must be stopped first.</summary>
    private async Task<string> RepairLayerAsync(Digest chain, CancellationToken cancel)
    {
        var images = _catalog.Everything().Where(image => image.Record.Layers.Any(layer => layer.ChainId == chain)).ToList();
        if (images.Count == 0) return _layers.Delete(chain) ? "No image stands on it: it was deleted." : "It is gone.";
        foreach (var image in images)
            if (UserOf(image.Id, running: true) is { } running) throw new EngineException(ErrorKind.Conflict, $"The running container {running.ShortId} stands on it: stop it, and repair again.");
        var record = images[0].Record.Layers.First(layer => layer.ChainId == chain);
        using var pins = _pins.Take();
        pins.Add([chain]);
        if (record.Blob is not { } blob) throw new EngineException(ErrorKind.NotFound, "It was made on this machine and is in no registry: build its image again.");
        pins.Add([blob.Digest]);
        var isHere = _content.IsIntact(blob.Digest);
        if (!isHere) await RepairContentAsync(blob.Digest, cancel);
        using var draft = _layers.Begin();
        await Task.Run(() =>
        {
            using var saved = _content.Open(blob.Digest);
            LayerUnpacker.Unpack(saved, draft, blob.Size, withRecipe: false, cancel);
        }, cancel);
        if (draft.DiffId != record.DiffId) throw new EngineException(ErrorKind.Internal, $"The content {blob.Digest} unpacks to {draft.DiffId} and not to the layer.");
        var below = images[0].Record.Layers.TakeWhile(layer => layer.ChainId != chain).LastOrDefault() is { } lower ? _layers.Find(lower.ChainId) : null;
        _layers.Delete(chain);
        await Task.Run(() => _layers.Commit(draft, below), cancel);
        return isHere ? "It was unpacked again from its content." : "It was downloaded and unpacked again.";
    }

    private async Task<string> DownloadAgainAsync(Image image, CancellationToken cancel)
    {
        var name = NameInRegistry(image.Names);
        await PullAsync(name, image.Platform, null, null, cancel);
        return $"It was downloaded again with {name.Familiar}.";
    }

    private static ImageReference NameInRegistry(IReadOnlyList<ImageReference> names) =>
        names.FirstOrDefault(name => name.Digest is not null) ?? throw new EngineException(ErrorKind.NotFound, "Its image was made on this machine and is in no registry: make it again.");
}

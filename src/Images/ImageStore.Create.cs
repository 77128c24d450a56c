using System.Security.Cryptography;
using System.Text.Json;
using Yun.Archives;
using Yun.Images.Layers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <param name="holder">Whose it is, in words for those whom it hinders.</param>
    /// <param name="settlesLater">What is made under it need not be on the disk at once: for what makes much and promises only the last of it.</param>
    public ImageLease Lease(string holder, bool settlesLater = false) => new(this, _pins.Take(), holder, settlesLater);

    /// <summary>Makes a layer of what a container or a build step changed.</summary>
    /// <param name="upperDirectory">An overlay upper directory that nobody writes to meanwhile.</param>
    /// <param name="below">The layer it was mounted on; null on nothing.</param>
    /// <param name="lease">Holds the layer.</param>
    /// <param name="takeOver">The directory itself becomes the layer, which copies nothing; the caller has no further use for it.</param>
    public Task<Layer> CommitLayerAsync(string upperDirectory, Layer? below, ImageLease lease, bool takeOver = false, CancellationToken cancel = default) =>
        Task.Factory.StartNew(() => takeOver ? TakeOver(upperDirectory, below, lease, cancel) : Copy(upperDirectory, below, lease, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Makes a layer of a tar, plain or compressed, that nothing is yet known of.</summary>
    /// <param name="below">What it is to lie on; null for nothing.</param>
    /// <param name="lease">Holds the layer.</param>
    public Task<Layer> CommitLayerAsync(Stream tar, Layer? below, ImageLease lease, CancellationToken cancel = default) =>
        Task.Factory.StartNew(() => Unpack(tar, below, lease, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Makes an image of a configuration and layers, bottom first; <c>rootfs</c> in the configuration is filled in here.</summary>
    /// <param name="layers">The lease holds them, or images that it holds stand on them.</param>
    /// <param name="lease">Holds the image.</param>
    /// <param name="parent">The image it was made from, which then cannot be removed before it.</param>
    public async Task<Image> CreateImageAsync(ImageConfig config, IReadOnlyList<Layer> layers, ImageLease lease, Digest? parent = null, CancellationToken cancel = default)
    {
        config = config with { Rootfs = new RootFs { DiffIds = [.. layers.Select(layer => layer.DiffId)] } };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(config, ImageJson.Default.ImageConfig);
        var id = Digest.Of(bytes);
        lease.Content.Add([id, .. layers.Select(layer => layer.ChainId)]);
        if (!lease.SettlesLater) _content.Write(bytes);
        using (await ChangeAsync(cancel, settle: !lease.SettlesLater))
        {
            if (layers.FirstOrDefault(layer => _layers.Find(layer.ChainId) is null) is { } gone) throw new EngineException(ErrorKind.Internal, $"The layer {gone.ChainId} is not there any more.");
            var known = _catalog.Get(id, removedToo: true)?.Record;
            var record = (known ?? new ImageRecord
            {
                Id = id,
                Layers = [.. layers.Select(layer => new LayerRecord { DiffId = layer.DiffId, ChainId = layer.ChainId, Blob = BlobOf(layer.ChainId) })],
            }) with { Parent = parent ?? known?.Parent, Removed = false };
            if (lease.SettlesLater)
            {
                _content.Hold(bytes);
                _catalog.PutUnsaved(record, config, layers);
                SettleSoon();
            }
            else await _catalog.PutAsync(record, config, layers);
            var image = _catalog.Get(id)!;
            lease.TryHold(image); // Who removes it waits for this change to end.
            return image;
        }
    }

    /// <summary>Makes an image of one layer from a tar of a root file system, plain or compressed.</summary>
    public async Task<Image> ImportAsync(Stream tar, ImageConfig config, ImageReference? name, CancellationToken cancel = default)
    {
        using var lease = Lease("import");
        var layer = await CommitLayerAsync(tar, null, lease, cancel);
        var image = await CreateImageAsync(config, [layer], lease, null, cancel);
        if (name is not null) await TagAsync(image, name, cancel);
        Publish("import", image.Id);
        return image;
    }

    private Layer Unpack(Stream tar, Layer? below, ImageLease lease, CancellationToken cancel)
    {
        using var draft = _layers.Begin();
        using var ahead = new ReadAheadStream(tar, null, blocking: false, cancel);
        LayerUnpacker.Unpack(ahead, draft, null, withRecipe: true, cancel);
        return Commit(draft, below, lease);
    }

    private Layer Copy(string upperDirectory, Layer? below, ImageLease lease, CancellationToken cancel)
    {
        using var upper = Linux.PathDescriptor.Open(null, upperDirectory, Linux.OpenFlags.ReadOnly | Linux.OpenFlags.Directory);
        using var draft = _layers.Begin();
        using var tar = ArchiveWriter.Open(upper, "", new ArchiveOptions { Whiteouts = true }, cancel);
        LayerUnpacker.Unpack(tar, draft, null, withRecipe: true, cancel);
        return Commit(draft, below, lease);
    }

    private Layer TakeOver(string upperDirectory, Layer? below, ImageLease lease, CancellationToken cancel)
    {
        using var draft = _layers.Begin(upperDirectory);
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            using (var recipe = new TarRecipeWriter(File.Create(Path.Combine(draft.Directory, TarRecipe.FileName)), draft.Handle, draft.Files))
            {
                var tar = new TarWriter(bytes => hash.AppendData(bytes), recipe);
                var writer = new ArchiveWriter(tar, new ArchiveOptions { Whiteouts = true }, recipe, cancel);
                writer.Write(draft.Files, "");
                tar.Finish();
                draft.SizeBytes = writer.Bytes;
            }
            draft.DiffId = Digest.FromHash(hash.GetHashAndReset());
        }
        return Commit(draft, below, lease);
    }

    private Layer Commit(LayerDraft draft, Layer? below, ImageLease lease)
    {
        // Before the store is asked whether it has the layer already.
        lease.Content.Add(Layer.ChainOf(below?.ChainId, draft.DiffId));
        return _layers.Commit(draft, below, settled: !lease.SettlesLater);
    }

    /// <summary>How a layer travels, if any image with it has travelled.</summary>
    private Descriptor? BlobOf(Digest chainId) =>
        _catalog.Everything().SelectMany(image => image.Record.Layers).FirstOrDefault(layer => layer.ChainId == chainId && layer.Blob is not null)?.Blob;
}

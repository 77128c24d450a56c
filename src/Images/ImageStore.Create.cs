using System.Security.Cryptography;
using System.Text.Json;
using Yun.Archives;
using Yun.Images.Layers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Makes a layer of what a container or a build step changed.</summary>
    /// <param name="upperDirectory">An overlay upper directory that nobody writes to meanwhile.</param>
    /// <param name="below">The layer it was mounted on; null on nothing.</param>
    /// <param name="takeOver">The directory itself becomes the layer, which copies nothing; the caller has no further use for it.</param>
    public Task<Layer> CommitLayerAsync(string upperDirectory, Layer? below, bool takeOver = false, CancellationToken cancel = default) =>
        Task.Factory.StartNew(() => takeOver ? TakeOver(upperDirectory, below, cancel) : Copy(upperDirectory, below, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Makes a layer of a tar, plain or compressed, that nothing is yet known of.</summary>
    /// <param name="below">What it is to lie on; null for nothing.</param>
    public Task<Layer> CommitLayerAsync(Stream tar, Layer? below, CancellationToken cancel = default) =>
        Task.Factory.StartNew(() => Unpack(tar, below, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Makes an image of a configuration and layers, bottom first; <c>rootfs</c> in the configuration is filled in here.</summary>
    /// <param name="parent">The image it was made from, which then cannot be removed before it.</param>
    public async Task<Image> CreateImageAsync(ImageConfig config, IReadOnlyList<Layer> layers, Digest? parent = null, CancellationToken cancel = default)
    {
        config = config with { Rootfs = new RootFs { DiffIds = [.. layers.Select(layer => layer.DiffId)] } };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(config, ImageJson.Default.ImageConfig);
        using var pins = _pins.Take();
        pins.Add([Digest.Of(bytes), .. layers.Select(layer => layer.ChainId)]);
        if (layers.FirstOrDefault(layer => _layers.Find(layer.ChainId) is null) is { } gone)
            throw new EngineException(ErrorKind.Conflict, $"The layer {gone.ChainId} was removed while an image was made of it.");
        var id = _content.Write(bytes);
        using (await ChangeAsync(cancel))
        {
            var known = _catalog.Get(id, removedToo: true)?.Record;
            await _catalog.PutAsync((known ?? new ImageRecord
            {
                Id = id,
                Layers = [.. layers.Select(layer => new LayerRecord { DiffId = layer.DiffId, ChainId = layer.ChainId, Blob = BlobOf(layer.ChainId) })],
            }) with { Parent = parent ?? known?.Parent, Removed = false }, config, layers);
            return _catalog.Get(id)!;
        }
    }

    /// <summary>Makes an image of one layer from a tar of a root file system, plain or compressed.</summary>
    public async Task<Image> ImportAsync(Stream tar, ImageConfig config, ImageReference? name, CancellationToken cancel = default)
    {
        var layer = await CommitLayerAsync(tar, null, cancel);
        var image = await CreateImageAsync(config, [layer], null, cancel);
        if (name is not null) await TagAsync(image, name, cancel);
        Publish("import", image.Id);
        return image;
    }

    private Layer Unpack(Stream tar, Layer? below, CancellationToken cancel)
    {
        using var draft = _layers.Begin();
        using var ahead = new ReadAheadStream(tar, null, blocking: false, cancel);
        LayerUnpacker.Unpack(ahead, draft, null, withRecipe: true, cancel);
        return _layers.Commit(draft, below);
    }

    private Layer Copy(string upperDirectory, Layer? below, CancellationToken cancel)
    {
        using var upper = Linux.PathDescriptor.Open(null, upperDirectory, Linux.OpenFlags.ReadOnly | Linux.OpenFlags.Directory);
        using var draft = _layers.Begin();
        using var tar = ArchiveWriter.Open(upper, "", new ArchiveOptions { Whiteouts = true }, cancel);
        LayerUnpacker.Unpack(tar, draft, null, withRecipe: true, cancel);
        return _layers.Commit(draft, below);
    }

    private Layer TakeOver(string upperDirectory, Layer? below, CancellationToken cancel)
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
        return _layers.Commit(draft, below);
    }

    /// <summary>How a layer travels, if any image with it has travelled.</summary>
    private Descriptor? BlobOf(Digest chainId) =>
        _catalog.Everything().SelectMany(image => image.Record.Layers).FirstOrDefault(layer => layer.ChainId == chainId && layer.Blob is not null)?.Blob;
}

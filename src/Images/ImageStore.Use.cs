using System.Threading.Channels;
using Yun.Images.Content;
using Yun.Images.Layers;
using Yun.Oci;

namespace Yun.Images;

public sealed partial class ImageStore
{
    private readonly Lock _using = new();
    private readonly List<ImageUse> _uses = [];
    private readonly HashSet<Digest> _going = [];
    private readonly Channel<Digest> _unused = Channel.CreateUnbounded<Digest>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _freeing;
    private volatile NeededContent? _needed;

    /// <summary>Marks the image in use by a container until disposed of. A container says so from its creation to its removal, and again after the daemon has started.</summary>
    /// <exception cref="EngineException">NotFound: it was removed meanwhile.</exception>
    public IDisposable Use(Image image, string containerId, Func<bool> isRunning) => TryUse(image.Id, containerId, isRunning, removedToo: true) ?? throw ImageCatalog.NotFound(image.Id.ToString());

    /// <summary>As <see cref="Use"/>, but null when the image is gone or about to go.</summary>
    internal IDisposable? TryUse(Digest image, string user, Func<bool> isRunning, bool removedToo = false)
    {
        var use = new ImageUse(this, image, user, isRunning);
        lock (_using)
        {
            if (_going.Contains(image) || !_catalog.Has(image, removedToo)) return null;
            _uses.Add(use);
        }
        return use;
    }

    /// <summary>
    /// Frees what nothing needs any more, once every container has said what it uses. What a pull or a load brought here before it was broken off stays for a while, so that the next one
    /// goes on from there.
    /// </summary>
    /// <param name="keep">What came later than this long ago stays.</param>
    /// <returns>The bytes that became free.</returns>
    public async Task<long> CollectAsync(TimeSpan keep = default, CancellationToken cancel = default)
    {
        var (before, freed) = (DateTime.UtcNow - keep, _content.DropPartials(keep));
        using (await ChangeAsync(cancel))
        {
            foreach (var image in _catalog.Everything().Where(image => image.Record.Removed)) await TryDropAsync(image.Id);
            var needed = Needed();
            foreach (var layer in _layers.All().Where(chain => !needed.Contains(chain)).Select(_layers.Find).OfType<Layer>().Where(layer => LayerStore.MadeAt(layer) <= before).ToList())
                if (_pins.TryFree(layer.ChainId, () => _layers.Delete(layer.ChainId))) freed += layer.SizeBytes;
            foreach (var blob in _content.All().Where(blob => !needed.Contains(blob) && _content.WrittenAt(blob) <= before).ToList())
            {
                var size = _content.SizeOf(blob) ?? 0;
                if (_content.TryFree(blob)) freed += size;
            }
        }
        return freed;
    }

    /// <summary>How many containers were made from the image.</summary>
    public int UserCount(Image image)
    {
        lock (_using) return _uses.Count(use => use.Image == image.Id);
    }

    /// <summary>The ids of the containers that were made from the image.</summary>
    public IReadOnlyList<string> UsersOf(Image image)
    {
        lock (_using) return [.. _uses.Where(use => use.Image == image.Id).Select(use => use.Container)];
    }

    private ImageUse? UserOf(Digest image, bool? running = null)
    {
        lock (_using) return _uses.Find(use => use.Image == image && (running is null || use.IsRunning == running));
    }

    /// <summary>Forgets an image that nobody uses, while nobody can begin to.</summary>
    private async Task<bool> TryDropAsync(Digest id)
    {
        lock (_using)
        {
            if (_uses.Exists(use => use.Image == id)) return false;
            _going.Add(id);
        }
        try
        {
            await _catalog.DropAsync(id);
            return true;
        }
        finally
        {
            lock (_using) _going.Remove(id);
        }
    }

    private async Task FreeUnusedAsync()
    {
        await foreach (var id in _unused.Reader.ReadAllAsync())
        {
            using (await ChangeAsync(CancellationToken.None))
            {
                if (!_catalog.Has(id, removedToo: true) || _catalog.Has(id)) continue;
                var image = _catalog.Get(id, removedToo: true)!;
                if (await TryDropAsync(id)) Free(image);
            }
        }
    }

    /// <summary>Ends a lease and frees what of it nothing needs.</summary>
    private async Task AbandonAsync(Pins.Lease lease)
    {
        var held = lease.Held;
        lease.Dispose();
        using (await ChangeAsync(CancellationToken.None))
        {
            var needed = Needed();
            foreach (var digest in held.Where(digest => !needed.Contains(digest)))
            {
                _pins.TryFree(digest, () => _layers.Delete(digest));
                _content.TryFree(digest);
            }
        }
    }

    /// <summary>Everything that some image stands on.</summary>
    private HashSet<Digest> Needed()
    {
        var version = _catalog.Version;
        if (_needed is { } known && ReferenceEquals(known.Version, version)) return known.Digests;
        var needed = new HashSet<Digest>();
        foreach (var image in _catalog.Everything())
        {
            needed.Add(image.Id);
            if (image.Manifest is { } manifest) needed.Add(manifest.Digest);
            foreach (var (index, its) in image.Record.Indexes ?? [])
                if (_catalog.IsNamed(index.Digest)) needed.UnionWith([index.Digest, its.Digest]);
            foreach (var layer in image.Record.Layers)
            {
                needed.Add(layer.ChainId);
                if (layer.Blob is { } blob) needed.Add(blob.Digest);
            }
        }
        _needed = new NeededContent(version, needed);
        return needed;
    }

    private sealed record NeededContent(object Version, HashSet<Digest> Digests);

    /// <summary>Frees what only this image stood on; gives the chain ids of the layers that went, the topmost first.</summary>
    private List<Layer> Free(Image image)
    {
        var needed = Needed();
        var gone = new List<Layer>();
        foreach (var layer in image.Layers.Reverse())
            if (!needed.Contains(layer.ChainId) && _pins.TryFree(layer.ChainId, () => _layers.Delete(layer.ChainId))) gone.Add(layer);
        var blobs = image.Record.Layers.Select(layer => layer.Blob?.Digest).Append(image.Manifest?.Digest).Append(image.Id)
            .Concat(image.Record.Indexes?.SelectMany(its => new Digest?[] { its.Index.Digest, its.Manifest.Digest }) ?? []);
        foreach (var blob in blobs.OfType<Digest>().Where(blob => !needed.Contains(blob)))
            _content.TryFree(blob);
        return gone;
    }

    private sealed class ImageUse(ImageStore images, Digest image, string containerId, Func<bool> isRunning) : IDisposable
    {
        public Digest Image => image;
        public string Container => containerId;
        public string ShortId => containerId.Length > 12 ? containerId[..12] : containerId;
        public bool IsRunning => isRunning();

        public void Dispose()
        {
            lock (images._using)
                if (!images._uses.Remove(this)) return;
            images._unused.Writer.TryWrite(image);
        }
    }
}

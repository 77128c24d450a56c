using Yun.Images.Content;
using Yun.Images.Layers;
using Yun.Images.Registry;
using Yun.Images.Repositories;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Images;

/// <summary>
/// The images of one data root: their content, their unpacked layers, their names. Safe for concurrent use. Reads take no lock and see either the
/// state before a change or the one after it. What an operation makes is on disk before the operation ends, or, under a lease that settles later, before
/// anybody is told of what stands on it. What it began and did not end leaves nothing that is shown.
/// </summary>
public sealed partial class ImageStore : IAsyncDisposable
{
    private readonly Trash _trash;
    private readonly ContentStore _content;
    private readonly LayerStore _layers;
    private readonly ImageCatalog _catalog;
    private readonly RegistryConnections _registries;
    private readonly TimeProvider _time;
    private readonly Pins _pins;
    private readonly KeyedLocks<Digest> _blobs = new();
    private readonly SharedWork<Digest, Layer> _layerPulls = new();
    private readonly SemaphoreSlim _layerRoom;
    /// <summary>Held while names and records change, so that a rule that was checked still holds when it is acted on.</summary>
    private readonly SemaphoreSlim _changing = new(1, 1);

    private ImageStore(Trash trash, ContentStore content, Pins pins, LayerStore layers, ImageCatalog catalog, RepositoryStore repositories, RegistryOptions registries, TimeProvider time)
    {
        (_trash, _content, _pins, _layers, _catalog, _time, Repositories) = (trash, content, pins, layers, catalog, time, repositories);
        _registries = new RegistryConnections(registries);
        _layerRoom = new SemaphoreSlim(registries.LayersAtOnce);
        content.AddOwner(digest => Needed().Contains(digest));
        _freeing = FreeUnusedAsync();
    }

    /// <summary>Called after each change, in the order of changes.</summary>
    public event Action<ImageEvent>? Changed;

    /// <summary>The data root's, for others who keep something there too.</summary>
    public Trash Trash => _trash;

    /// <summary>What the registry in this data root holds. It is here whether or not it is served, since it shares the content.</summary>
    public RepositoryStore Repositories { get; }

    /// <summary>How registries are reached. What is changed counts from the next transfer on; how many layers are taken at once stays.</summary>
    public RegistryOptions Registries { get => _registries.Options; set => _registries.Options = value; }

    public static async Task<ImageStore> OpenAsync(
        string dataRoot, IStore store, RegistryOptions? registries = null, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var trash = new Trash(Path.Combine(dataRoot, "trash"));
        var pins = new Pins();
        var content = new ContentStore(dataRoot, trash, pins);
        var layers = new LayerStore(dataRoot, trash);
        var catalog = await ImageCatalog.OpenAsync(store, record => Read(record, content, layers), cancel);
        var repositories = new RepositoryStore(content, pins, store, time ?? TimeProvider.System);
        await repositories.LoadAsync(cancel);
        return new ImageStore(trash, content, pins, layers, catalog, repositories, registries ?? new RegistryOptions(), time ?? TimeProvider.System);
    }

    /// <summary>All images, the newest first.</summary>
    public IReadOnlyList<Image> List() => _catalog.List();

    /// <summary>By name, by digest, by id or by the beginning of an id, as Docker takes them.</summary>
    /// <exception cref="EngineException">NotFound, <c>No such image: X</c>; or InvalidArgument when the text can be no reference.</exception>
    /// <param name="platform">Which image of a name that stands for several platforms'; the caller sees whether what is here suits.</param>
    public Image Find(string nameOrId, Platform? platform = null) => _catalog.Find(nameOrId, platform);

    /// <summary>As <see cref="Find"/>, but null when there is no such image.</summary>
    public Image? TryFind(string nameOrId, Platform? platform = null) => _catalog.TryFind(nameOrId, platform);

    /// <summary>The image a container was made from, even if it was removed from the list since.</summary>
    public Image FindForContainer(string id) => Digest.TryParse(id, out var digest) && _catalog.Get(digest, removedToo: true) is { } image ? image : throw ImageCatalog.NotFound(id);

    /// <summary>The directories to give overlayfs as lower layers, the topmost first; never empty, since an image may have no layer and overlayfs needs one.</summary>
    public IReadOnlyList<string> LayerDirectories(Image image) => image.Layers.Count == 0 ? [_layers.EmptyDirectory] : [.. image.Layers.Reverse().Select(layer => layer.Directory)];

    /// <summary>Gives an image a name, taking it from the image that had it.</summary>
    public async Task TagAsync(Image image, ImageReference name, CancellationToken cancel = default)
    {
        if (name.Digest is not null) throw new EngineException(ErrorKind.InvalidArgument, "refusing to create a tag with a digest reference");
        name = name.WithDefaultTag();
        using (await ChangeAsync(cancel))
        {
            var known = _catalog.Get(image.Id) ?? throw ImageCatalog.NotFound(image.Id.ToString());
            var record = known.Record with { LastTagged = _time.GetUtcNow() };
            var index = image.Index is { } its && known.Record.Indexes?.Exists(one => one.Index.Digest == its) == true ? its : (Digest?)null;
            if (_catalog.IdOf(name) != image.Id || _catalog.IndexOf(name) != index) await _catalog.PutNamedAsync(record, known.Config, known.Layers, name, index);
            else
            {
                // A build from the cache gives the name that is there already: all there is to lose is the time of that.
                _catalog.PutUnsaved(record, known.Config, known.Layers);
                SettleSoon();
            }
        }
        Publish("tag", image.Id, name.Familiar);
    }

    public async ValueTask DisposeAsync()
    {
        await SettleLastAsync();
        _unused.Writer.TryComplete();
        await _freeing;
        await Repositories.DisposeAsync();
        await _trash.DisposeAsync();
        _content.Dispose();
        _registries.Dispose();
        _changing.Dispose();
        _layerRoom.Dispose();
    }

    private static (ImageConfig, IReadOnlyList<Layer>)? Read(ImageRecord record, ContentStore content, LayerStore layers)
    {
        var found = new List<Layer>(record.Layers.Count);
        foreach (var layer in record.Layers)
        {
            if (layers.Find(layer.ChainId) is not { } unpacked) return null;
            found.Add(unpacked);
        }
        try { return content.TryRead(record.Id) is { } bytes ? (RemoteImage.ParseConfig(bytes, record.Id), found) : null; }
        catch (EngineException) { return null; }
    }

    private void Publish(string action, Digest id, string? name = null) => Changed?.Invoke(new ImageEvent(action, id, name ?? id.ToString()));

    private sealed class Change(SemaphoreSlim changing) : IDisposable
    {
        public void Dispose() => changing.Release();
    }
}

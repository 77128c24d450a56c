using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Images;

/// <summary>
/// The images of one data root: their content, their unpacked layers, their names. Safe for concurrent use. Reads take no lock and see either the
/// state before a change or the one after it. What an operation makes is on disk before the operation ends, and what it began and did not end leaves nothing that is shown.
/// </summary>
public sealed partial class ImageStore : IAsyncDisposable
{
    private readonly ImageCatalog _catalog;
    private readonly TimeProvider _time;

    private ImageStore(ImageCatalog catalog, TimeProvider time) => (_catalog, _time) = (catalog, time);

    /// <summary>Called after each change, in the order of changes.</summary>
    public event Action<ImageEvent>? Changed;

    public static async Task<ImageStore> OpenAsync(
        string dataRoot, IStore store, RegistryOptions? registries = null, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var catalog = await ImageCatalog.OpenAsync(store, _ => null, cancel);
        return new ImageStore(catalog, time ?? TimeProvider.System);
    }

    /// <summary>All images, the newest first.</summary>
    public IReadOnlyList<Image> List() => _catalog.List();

    /// <summary>By name, by digest, by id or by the beginning of an id, as Docker takes them.</summary>
    /// <exception cref="EngineException">NotFound, <c>No such image: X</c>; or InvalidArgument when the text can be no reference.</exception>
    public Image Find(string nameOrId) => _catalog.Find(nameOrId);

    /// <summary>As <see cref="Find"/>, but null when there is no such image.</summary>
    public Image? TryFind(string nameOrId) => _catalog.TryFind(nameOrId);

    /// <summary>The image a container was made from, even if it was removed from the list since.</summary>
    public Image FindForContainer(string id) => throw NotYet();

    /// <summary>The directories to give overlayfs as lower layers, the topmost first; never empty, since an image may have no layer and overlayfs needs one.</summary>
    public IReadOnlyList<string> LayerDirectories(Image image) => throw NotYet();

    /// <summary>Marks the image in use by a container until disposed of. A container says so from its creation to its removal, and again after the daemon has started.</summary>
    public IDisposable Use(Image image, string containerId, Func<bool> isRunning) => throw NotYet();

    /// <summary>Called once after start, when every container has said what it uses: frees what nothing needs any more.</summary>
    public Task CollectAsync(CancellationToken cancel = default) => throw NotYet();

    /// <summary>Downloads what is missing, and gives the image its name.</summary>
    /// <param name="platform">Null for this machine's.</param>
    public Task<Image> PullAsync(
        ImageReference reference, Platform? platform, RegistryAuth? auth, IProgress<TransferProgress>? progress, CancellationToken cancel = default) => throw NotYet();

    public Task<PushedImage> PushAsync(ImageReference reference, RegistryAuth? auth, IProgress<TransferProgress>? progress, CancellationToken cancel = default) => throw NotYet();

    public Task TagAsync(Image image, ImageReference name, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Docker's rules: a name goes first, and with the last name the image, its layers, and (with <paramref name="pruneParents"/>) parents without a name.</summary>
    public Task<IReadOnlyList<ImageRemoval>> RemoveAsync(string nameOrId, bool force, bool pruneParents, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Makes a layer of what a container or a build step changed.</summary>
    /// <param name="upperDirectory">An overlay upper directory that nobody writes to meanwhile.</param>
    /// <param name="below">The layer it was mounted on; null on nothing.</param>
    /// <param name="takeOver">The directory itself becomes the layer, which copies nothing; the caller has no further use for it.</param>
    public Task<Layer> CommitLayerAsync(string upperDirectory, Layer? below, bool takeOver = false, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Makes an image of a configuration and layers, bottom first; <c>rootfs</c> in the configuration is filled in here.</summary>
    /// <param name="parent">The image it was made from, which then cannot be removed before it.</param>
    public Task<Image> CreateImageAsync(ImageConfig config, IReadOnlyList<Layer> layers, Digest? parent = null, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Reads an archive of <c>docker save</c> or an OCI layout, plain or compressed.</summary>
    public Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, IProgress<TransferProgress>? progress, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Writes the images as <c>docker save</c> does: an OCI layout with a <c>manifest.json</c> beside it.</summary>
    public Task SaveAsync(IReadOnlyList<string> namesOrIds, Stream archive, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Makes an image of one layer from a tar of a root file system, plain or compressed.</summary>
    public Task<Image> ImportAsync(Stream tar, ImageConfig config, ImageReference? name, CancellationToken cancel = default) => throw NotYet();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Publish(string action, Digest id, string? name = null) => Changed?.Invoke(new ImageEvent(action, id, name ?? id.ToString()));

    private EngineException NotYet() => _time is null ? new(ErrorKind.Internal, "") : new(ErrorKind.NotImplemented, "This image operation is not done yet.");
}

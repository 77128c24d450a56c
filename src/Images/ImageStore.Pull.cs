using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Downloads what is missing, and gives the image its name.</summary>
    /// <param name="platform">Null for this machine's.</param>
    public async Task<Image> PullAsync(
        ImageReference reference, Platform? platform, RegistryAuth? auth, IProgress<TransferProgress>? progress, CancellationToken cancel = default)
    {
        reference = reference.WithDefaultTag();
        try
        {
            var remote = await FindRemoteAsync(reference, platform, auth, cancel);
            await RequireTrustAsync(reference, remote, progress, cancel);
            var image = await PullAsync(reference, remote, progress, cancel);
            Publish("pull", image.Id, reference.Familiar);
            return image;
        }
        catch (RegistryException refused)
        {
            throw RegistryErrors.Pulling(reference, refused);
        }
        catch (IOException full)
        {
            throw new EngineException(ErrorKind.Internal, $"Cannot save {reference.Familiar}: {full.Message}", full);
        }
    }

    /// <summary>Every tag of a repository, one after another.</summary>
    public async Task<IReadOnlyList<Image>> PullAllAsync(
        ImageReference repository, Platform? platform, RegistryAuth? auth, IProgress<TransferProgress>? progress, CancellationToken cancel = default)
    {
        IReadOnlyList<string> tags;
        try { tags = await new RegistryClient(_registries, repository.Domain, auth).ListTagsAsync(repository.Path, cancel); }
        catch (RegistryException refused) { throw RegistryErrors.Pulling(repository, refused); }
        var images = new List<Image>();
        foreach (var tag in tags) images.Add(await PullAsync(repository.WithTag(tag), platform, auth, progress, cancel));
        return images;
    }

    /// <summary>Docker Hub's mirrors first, without the user's credentials, which are for the Hub.</summary>
    private async Task<RemoteImage> FindRemoteAsync(ImageReference reference, Platform? platform, RegistryAuth? auth, CancellationToken cancel)
    {
        foreach (var mirror in reference.Domain == ImageReference.DefaultDomain ? Registries.Mirrors ?? [] : [])
        {
            try
            {
                var host = Uri.TryCreate(mirror, UriKind.Absolute, out var url) ? url.Authority : mirror;
                return await RemoteImage.FindAsync(new RegistryClient(_registries, host, null), _content, reference, platform, cancel);
            }
            catch (Exception elsewhere) when (elsewhere is EngineException or RegistryException)
            {
                // A mirror may be down or not have it; the Hub itself has the last word.
            }
        }
        return await RemoteImage.FindAsync(new RegistryClient(_registries, reference.Domain, auth), _content, reference, platform, cancel);
    }

    private async Task<Image> PullAsync(ImageReference reference, RemoteImage remote, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        progress?.Report(new TransferProgress($"Pulling from {reference.Path}", reference.Digest?.ToString() ?? reference.Tag));
        using var pins = _pins.Take();
        var chains = Layer.ChainsOf(remote.DiffIds);
        pins.Add([.. chains, .. remote.Layers.Select(layer => layer.Digest), remote.Id, remote.Manifest.Descriptor.Digest, remote.NamedDigest]);
        var index = remote.Membership?.Index.Digest;
        var wasHere = _catalog.Get(remote.Id) is { } here && _catalog.IndexOf(reference) == index
            && (_catalog.IdOf(reference) == remote.Id || here.Record.Indexes?.Exists(its => its.Index.Digest == index) == true);
        IReadOnlyList<Layer> layers;
        try
        {
            layers = await PullLayersAsync(remote, chains, wasHere ? null : progress, cancel);
            _content.Write(remote.ConfigBytes);
            _content.Write(remote.Manifest.Bytes);
            if (index is not null) _content.Write(remote.Named.Bytes);
        }
        // What was cut off can be taken up; what was wrong is of no use.
        catch (Exception failed) when (failed is not (OperationCanceledException or EngineException { Kind: ErrorKind.Unavailable }))
        {
            await AbandonAsync(pins);
            throw;
        }
        var record = new ImageRecord
        {
            Id = remote.Id,
            Manifest = remote.Manifest.Descriptor,
            Parent = _catalog.Get(remote.Id)?.Parent,
            Indexes = IndexesOf(remote.Id, remote.Membership),
            LastTagged = _time.GetUtcNow(),
            Layers = [.. layers.Select((layer, i) => new LayerRecord { DiffId = layer.DiffId, ChainId = layer.ChainId, Blob = remote.Layers[i] })],
        };
        Image image;
        using (await ChangeAsync(cancel))
        {
            await _catalog.PutAsync(record, remote.Config, layers);
            foreach (var name in new[] { reference.WithDigest(remote.NamedDigest), reference }.Take(reference.Digest is null ? 2 : 1))
                await _catalog.NameAsync(name, index is null ? remote.Id : BestFor(name, remote, index.Value), index);
            // From here on it may be removed.
            image = _catalog.Get(remote.Id)!;
        }
        progress?.Report(new TransferProgress($"Digest: {remote.NamedDigest}"));
        progress?.Report(new TransferProgress(wasHere ? $"Status: Image is up to date for {reference.Familiar}" : $"Status: Downloaded newer image for {reference.Familiar}"));
        return image;
    }

    /// <summary>A name goes on standing for what suits this machine better, when another platform's image of the same index joins it.</summary>
    private Digest BestFor(ImageReference name, RemoteImage remote, Digest index) =>
        _catalog.IndexOf(name) == index && _catalog.IdOf(name) is { } before && _catalog.Get(before) is { } image && Platform.Host.Suits(image.Platform) > Platform.Host.Suits(remote.Config.Platform)
            ? before : remote.Id;

    /// <summary>The indexes that an image belongs to, with one more; those that no name stands for are forgotten.</summary>
    private List<IndexMembership>? IndexesOf(Digest image, IndexMembership? joined)
    {
        var known = _catalog.Get(image, removedToo: true)?.Record.Indexes?.Where(its => its.Index.Digest != joined?.Index.Digest && _catalog.IsNamed(its.Index.Digest)) ?? [];
        return joined is null ? [.. known] : [.. known, joined];
    }

    private async Task<IReadOnlyList<Layer>> PullLayersAsync(RemoteImage remote, IReadOnlyList<Digest> chains, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var pull = new LayerPull(_content, _layers, _blobs, remote.Registry, remote.Repository);
        foreach (var (layer, chain) in remote.Layers.Zip(chains))
            progress?.Report(new TransferProgress(_layers.Find(chain) is null ? "Pulling fs layer" : "Already exists", layer.Digest.Short, HasDetail: true));
        var pulls = Enumerable.Range(0, chains.Count).Select(i => LayerAsync(i, progress, together.Token)).ToList();
        // The first failure ends the others, and nobody is left behind.
        foreach (var pulled in pulls)
            _ = pulled.ContinueWith(_ => together.Cancel(), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var all = Task.WhenAll(pulls);
        try
        {
            return await all;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && pulls.Find(pulled => pulled.IsFaulted) is { } failed)
        {
            return [await failed];
        }

        // Another pull may share the work and outlive this one, so the layer below is asked for by the work itself.
        Task<Layer> LayerAsync(int i, IProgress<TransferProgress>? watcher, CancellationToken stop) => _layers.Find(chains[i]) is { } here
            ? Task.FromResult(here)
            : _layerPulls.JoinAsync(chains[i], (shared, ended) => pull.RunAsync(remote.Layers[i], remote.DiffIds[i], i == 0 ? null : () => LayerAsync(i - 1, null, ended),
                _layerRoom, shared, ended), watcher, stop);
    }
}

using Yun.Images;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>The images of <c>--cache-from</c>. Those that are asked of a registry have a name here only while the build goes on, unless they had it before.</summary>
public sealed class CacheImport : IAsyncDisposable
{
    /// <summary>Marks an image of an index as a stage of a build.</summary>
    public const string StageAnnotation = "yun.build.stage";

    private readonly ImageStore _store;
    private readonly List<Image> _images = [];
    private readonly List<ImageReference> _names = [];
    private readonly List<Digest> _loaded = [];

    private readonly ImageLease _lease;

    private CacheImport(ImageStore store) => (_store, _lease) = (store, store.Lease("cache import"));

    public IReadOnlyList<Image> Images => _images;

    /// <summary>A cache that cannot be had is told, and the build does without.</summary>
    public static async Task<CacheImport> OpenAsync(ImageStore store, BuildRequest request, BuildOutput output, CancellationToken cancel)
    {
        var import = new CacheImport(store);
        try
        {
            foreach (var name in request.CacheFrom)
                if (request.PullCache) await import.PullAsync(name, request, output, cancel);
                else if (store.TryFind(name) is { } here) import.Add(here);
            foreach (var layout in request.CacheLayouts) await import.LoadAsync(layout, request, output, cancel);
            return import;
        }
        catch
        {
            await import.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether a step's result may be taken from the cache. The classic builder, told where to look, looks nowhere else: at the given images and what they were made from.</summary>
    public bool Allows(BuildRequest request, Image result)
    {
        if (request.CacheFrom.Count == 0 || request.PullCache) return true;
        foreach (var source in _images)
            for (var image = source; image is not null; image = image.Parent is { } parent ? _store.TryFind(parent.ToString()) : null)
                if (image.Id == result.Id) return true;
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        _lease.Dispose();
        foreach (var id in _loaded) await _store.RemoveUnnamedAsync(id);
        foreach (var name in _names)
        {
            try { await _store.RemoveAsync(name.ToString(), force: false, pruneParents: false); }
            catch (EngineException) { /* Somebody else has removed it, or uses it by now. */ }
        }
    }

    // One that was removed meanwhile is no cache.
    private void Add(Image image)
    {
        if (_lease.TryHold(image)) _images.Add(image);
    }

    private async Task LoadAsync(ICacheLayout layout, BuildRequest request, BuildOutput output, CancellationToken cancel)
    {
        var step = new BuildStep($"importing cache manifest from {layout.Name}");
        await output.BeginAsync(step, cancel);
        try
        {
            var before = _store.List().Select(image => image.Id).ToHashSet();
            await using var archive = layout.Open(cancel);
            foreach (var (id, _) in await _store.LoadAsync(archive, null, request.Platforms.Count > 1 ? null : request.Platform, cancel))
            {
                if (_store.TryFind(id.ToString()) is { } image) Add(image);
                if (!before.Contains(id)) _loaded.Add(id);
            }
            await output.EndAsync(step, null, cancel);
        }
        catch (Exception missing) when (missing is EngineException or IOException or System.Text.Json.JsonException && !cancel.IsCancellationRequested) { await output.FailAsync(step, missing, cancel); }
    }

    private async Task PullAsync(string name, BuildRequest request, BuildOutput output, CancellationToken cancel)
    {
        var step = new BuildStep($"importing cache manifest from {name}");
        await output.BeginAsync(step, cancel);
        var here = _store.TryFind(name);
        try
        {
            var reference = ImageReference.Parse(name).WithDefaultTag();
            var auth = await request.AuthFor(reference.Domain, cancel);
            var image = await _store.PullAsync(reference, request.Platform, auth, output.ProgressOf(step), cancel);
            Add(image);
            if (here is null) _names.Add(reference);
            // A cache of all stages is an index with an image for each.
            foreach (var (manifest, stage) in _store.IndexOf(image)?.Manifests ?? [])
            {
                if (manifest.Annotations?.ContainsKey(StageAnnotation) != true || stage?.Id == image.Id) continue;
                var named = reference.WithDigest(manifest.Digest);
                if (_store.TryFind(named.ToString()) is null) _names.Add(named);
                Add(await _store.PullAsync(named, request.Platform, auth, output.ProgressOf(step), cancel));
            }
            await output.EndAsync(step, null, cancel);
        }
        catch (Exception missing) when (missing is EngineException or FormatException && !cancel.IsCancellationRequested)
        {
            if (here is not null) Add(here);
            await output.FailAsync(step, missing, cancel);
        }
    }
}

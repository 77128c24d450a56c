using System.Collections.Concurrent;
using Yun.Images.Content;
using Yun.Oci;
using Yun.Store;

namespace Yun.Images.Repositories;

/// <summary>
/// The registry's repositories over content that it may share with an engine. Safe for concurrent use. What a call has done is on the disk when it returns; what a
/// client began and did not end is shown to nobody and goes away by itself.
/// </summary>
public sealed partial class RepositoryStore : IAsyncDisposable
{
    private readonly ContentStore _content;
    private readonly Pins _pins;
    private readonly RepositoryRecords _records;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Repository> _repositories = new();
    private readonly ReferenceCounts _references = new();
    private readonly ManifestBytes _bytes = new();
    private readonly Uploads _uploads;
    private Trash? _owned;

    internal RepositoryStore(ContentStore content, Pins pins, IStore store, TimeProvider time)
    {
        (_content, _pins, _records, _time) = (content, pins, new RepositoryRecords(store), time);
        _uploads = new Uploads(content.Uploads, time);
        content.AddOwner(_references.Contains);
    }

    public RepositoryLimits Limits { get; set; } = new();

    /// <summary>Opens a registry of its own, without an engine beside it.</summary>
    public static async Task<RepositoryStore> OpenAsync(string dataRoot, IStore store, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var (trash, pins) = (new Trash(Path.Combine(dataRoot, "trash")), new Pins());
        var content = new ContentStore(dataRoot, trash, pins);
        var repositories = new RepositoryStore(content, pins, store, time ?? TimeProvider.System) { _owned = trash };
        await repositories.LoadAsync(cancel);
        return repositories;
    }

    internal async Task LoadAsync(CancellationToken cancel)
    {
        foreach (var repository in await _records.ReadAsync(_time.GetUtcNow(), cancel))
        {
            _repositories[repository.Name] = repository;
            foreach (var manifest in repository.Manifests.Keys) _references.Add(manifest);
            foreach (var blob in repository.Blobs.Keys) _references.Add(blob);
        }
    }

    /// <summary>Repositories with something to pull, in ordinal order.</summary>
    public IEnumerable<Repository> List() => _repositories.Values.Where(repository => !repository.Manifests.IsEmpty).OrderBy(repository => repository.Name, StringComparer.Ordinal);

    /// <summary>Null when nothing was ever pushed to it, or all of it was deleted.</summary>
    public Repository? Find(string name) => _repositories.TryGetValue(name, out var repository) && !(repository.Manifests.IsEmpty && repository.Blobs.IsEmpty) ? repository : null;

    /// <exception cref="DistributionException">NameUnknown.</exception>
    public Repository Get(string name) => Find(name) ?? throw new DistributionException(DistributionError.NameUnknown, $"There is no repository {name}.", name);

    public async ValueTask DisposeAsync()
    {
        _uploads.Dispose();
        if (_owned is null) return;
        await _owned.DisposeAsync();
        _content.Dispose();
    }

    private Repository Open(string name) => ImageReference.IsRepository(name) ? _repositories.GetOrAdd(name, made => new Repository(made))
        : throw new DistributionException(DistributionError.NameInvalid, $"'{name}' is no name for a repository.", name);
}

/// <param name="ManifestBytesMax">4 MiB is the specification's own advice.</param>
/// <param name="LeaseHours">How long a blob is kept that was uploaded, or asked for, and that no manifest names yet; and an upload that nobody goes on with.</param>
public sealed record RepositoryLimits(long BlobBytesMax = long.MaxValue, int ManifestBytesMax = 4 << 20, double LeaseHours = 24);

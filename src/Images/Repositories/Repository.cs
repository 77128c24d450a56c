using System.Collections.Concurrent;
using System.Collections.Immutable;
using Yun.Oci;

namespace Yun.Images.Repositories;

/// <summary>
/// One repository of the registry: its manifests, its tags, and the blobs it may give out. Reads take no lock and see the state before a change or after it.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose of.")]
public sealed class Repository
{
    internal Repository(string name) => Name = name;

    public string Name { get; }

    public ImmutableDictionary<Digest, ManifestEntry> Manifests { get; internal set; } = ImmutableDictionary<Digest, ManifestEntry>.Empty;

    /// <summary>In ordinal order.</summary>
    public ImmutableSortedDictionary<string, Digest> Tags { get; internal set; } = ImmutableSortedDictionary.Create<string, Digest>(StringComparer.Ordinal);

    /// <summary>With the moment a client last counted on it.</summary>
    internal ConcurrentDictionary<Digest, DateTimeOffset> Blobs { get; } = new();

    /// <summary>Held while it changes, so that a rule that was checked still holds when it is acted on.</summary>
    internal SemaphoreSlim Changing { get; } = new(1, 1);

    /// <summary>A manifest by its tag or its digest.</summary>
    public ManifestEntry? Find(string reference) =>
        Digest.TryParse(reference, out var digest) || Tags.TryGetValue(reference, out digest) ? Manifests.GetValueOrDefault(digest) : null;

    public IEnumerable<ManifestEntry> Referrers(Digest subject) => Manifests.Values.Where(manifest => manifest.Subject == subject).OrderBy(manifest => manifest.Pushed);

    internal async Task<IDisposable> ChangeAsync(CancellationToken cancel)
    {
        await Changing.WaitAsync(cancel);
        return new Change(Changing);
    }

    private sealed class Change(SemaphoreSlim changing) : IDisposable
    {
        public void Dispose() => changing.Release();
    }
}

using System.Collections.Concurrent;
using System.Net;
using Yun.Images.Content;
using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Repositories;

/// <param name="Prefix">Repositories below it are the other registry's: <c>docker.io/</c>; empty for all, as a mirror has it.</param>
/// <param name="Registry">Its host and port; <c>docker.io</c> for Docker Hub.</param>
public sealed record CachedRegistry(string Prefix, string Registry);

/// <summary>
/// Repositories of other registries, kept as they are asked for. A tag is looked up there once a minute at most; what is here is served also when nobody answers there.
/// Every byte is checked against its digest before it is kept.
/// </summary>
/// <param name="bytesMax">What the blobs of all of them may have together; what was not asked for the longest goes first.</param>
public sealed class PullThrough(RepositoryStore repositories, IReadOnlyList<CachedRegistry> cached, RegistryOptions options, TimeProvider time, long bytesMax = long.MaxValue) : IDisposable
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromMinutes(1);
    private readonly RegistryConnections _connections = new(options);
    private readonly ConcurrentDictionary<string, RegistryClient> _clients = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _looked = new();
    private readonly Dictionary<(string Name, Digest Blob), BlobArrival> _arrivals = [];
    private readonly SemaphoreSlim _trimming = new(1, 1);

    public bool Serves(string name) => RuleOf(name) is not null;

    /// <summary>Brings the manifest up to date, as far as that is possible now.</summary>
    /// <exception cref="EngineException">Unavailable: it is not here and nobody answers.</exception>
    public async Task RefreshAsync(string name, string reference, CancellationToken cancel)
    {
        var (registry, path) = Resolve(name);
        var isDigest = Digest.TryParse(reference, out _);
        var known = repositories.Find(name)?.Find(reference);
        if (known is not null && (isDigest || IsFresh(name, reference))) return;
        try
        {
            if (known is not null && await registry.FindManifestAsync(path, reference, cancel) is { } there && there.Digest == known.Digest)
            {
                _looked[$"{name}:{reference}"] = time.GetUtcNow();
                return;
            }
            var manifest = await registry.GetManifestAsync(path, reference, cancel);
            await repositories.KeepManifestAsync(name, isDigest ? null : reference, manifest, cancel);
            if (!isDigest) _looked[$"{name}:{reference}"] = time.GetUtcNow();
        }
        catch (Exception away) when (known is not null && IsAway(away))
        {
            // An old answer is better than none.
        }
        catch (RegistryException refused)
        {
            throw Translate(refused, name, reference);
        }
    }

    /// <summary>What a manifest of the repository says of a blob that is not here; null when it is here, or when no manifest names it.</summary>
    public Descriptor? FindMissing(string name, Digest digest) => repositories.FindBlob(name, digest) is null ? repositories.DescriptorOf(name, digest) : null;

    /// <summary>Begins to bring a blob here, or joins those who wait for it already. The caller disposes of it.</summary>
    public BlobArrival Fetch(string name, Descriptor blob)
    {
        lock (_arrivals)
        {
            if (_arrivals.TryGetValue((name, blob.Digest), out var coming) && coming.TryJoin()) return coming;
            var arrival = _arrivals[(name, blob.Digest)] = new BlobArrival(blob);
            arrival.Download = DownloadAsync(name, blob, arrival);
            // Everybody may have gone by the time it fails.
            _ = arrival.Download.ContinueWith(failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return arrival;
        }
    }

    public void Dispose()
    {
        _connections.Dispose();
        _trimming.Dispose();
    }

    private async Task DownloadAsync(string name, Descriptor blob, BlobArrival arrival)
    {
        await Task.Yield();
        var (registry, path) = Resolve(name);
        try
        {
            await repositories.KeepBlobAsync(name, blob, from => registry.OpenBlob(path, blob, from, arrival.Stop), arrival, arrival.Stop);
        }
        catch (RegistryException refused)
        {
            throw Translate(refused, name, blob.Digest.ToString());
        }
        finally
        {
            lock (_arrivals)
                if (_arrivals.TryGetValue((name, blob.Digest), out var current) && ReferenceEquals(current, arrival)) _arrivals.Remove((name, blob.Digest));
        }
        await TrimAsync();
    }

    private async Task TrimAsync()
    {
        if (bytesMax == long.MaxValue || !await _trimming.WaitAsync(TimeSpan.Zero)) return;
        try { await repositories.TrimAsync(Serves, bytesMax, CancellationToken.None); }
        finally { _trimming.Release(); }
    }

    private bool IsFresh(string name, string tag) => _looked.TryGetValue($"{name}:{tag}", out var at) && time.GetUtcNow() - at < s_fresh;

    private CachedRegistry? RuleOf(string name) => cached.FirstOrDefault(rule => name.StartsWith(rule.Prefix, StringComparison.Ordinal) && name.Length > rule.Prefix.Length);

    private (RegistryClient Registry, string Path) Resolve(string name)
    {
        var rule = RuleOf(name)!;
        var path = name[rule.Prefix.Length..];
        // The Hub's official images have a repository of two parts, whatever people write.
        if (rule.Registry == ImageReference.DefaultDomain && !path.Contains('/', StringComparison.Ordinal)) path = "library/" + path;
        return (_clients.GetOrAdd(rule.Registry, host => new RegistryClient(_connections, host, null)), path);
    }

    private static bool IsAway(Exception failure) => failure is EngineException { Kind: ErrorKind.Unavailable }
        || failure is RegistryException { Status: >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests };

    private static DistributionException Translate(RegistryException refused, string name, string reference) => IsAway(refused)
        ? new DistributionException(DistributionError.Unavailable, $"The registry that {name} comes from does not give it: {refused.Message}", reference, refused)
        : new DistributionException(DistributionError.ManifestUnknown, $"The registry that {name} comes from does not have {reference}: {refused.Message}", reference, refused);
}

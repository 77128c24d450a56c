using System.Text.Json;
using Yun.Images.Content;
using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;

namespace Yun.Images.Repositories;

// What comes from another registry comes when it is asked for: a manifest first, and its parts later, perhaps never.
public sealed partial class RepositoryStore
{
    // Who began to pull an image gets to its end, also where it alone is more than the bound.
    private static readonly TimeSpan s_beingPulled = TimeSpan.FromMinutes(10);

    private readonly KeyedLocks<Digest> _fetches = new();

    internal async Task KeepManifestAsync(string name, string? tag, FetchedManifest fetched, CancellationToken cancel)
    {
        var (repository, digest) = (Open(name), fetched.Descriptor.Digest);
        using var pins = _pins.Take();
        pins.Add(digest);
        using (await repository.ChangeAsync(cancel))
        {
            await Task.Run(() => _content.Write(fetched.Bytes), CancellationToken.None);
            if (!repository.Manifests.ContainsKey(digest)) await AddAsync(repository, ManifestEntry.Of(fetched, _time.GetUtcNow()));
            if (tag is not null) await NameAsync(repository, tag, digest);
        }
    }

    /// <summary>The blob as a manifest of the repository describes it; null when none does.</summary>
    internal Descriptor? DescriptorOf(string name, Digest digest)
    {
        foreach (var entry in Find(name)?.Manifests.Values.Where(manifest => manifest.Blobs.Contains(digest)) ?? [])
        {
            if (ReadManifest(entry) is not { } bytes || JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageManifest) is not { } manifest) continue;
            if (manifest.Layers!.Append(manifest.Config!).FirstOrDefault(part => part.Digest == digest) is { } found) return found;
        }
        return null;
    }

    /// <param name="open">The blob's bytes from an offset on.</param>
    /// <param name="arrival">Told what has come.</param>
    internal async Task KeepBlobAsync(string name, Descriptor blob, Func<long, Stream> open, BlobArrival? arrival, CancellationToken cancel)
    {
        using var alone = await _fetches.EnterAsync(blob.Digest, cancel);
        using var pins = _pins.Take();
        pins.Add(blob.Digest);
        if (_content.SizeOf(blob.Digest) != blob.Size) await DownloadAsync(blob, open, arrival, cancel);
        await LinkAsync(Open(name), blob.Digest, cancel);
        arrival?.Complete(_content.PathOf(blob.Digest));
    }

    private async Task DownloadAsync(Descriptor blob, Func<long, Stream> open, BlobArrival? arrival, CancellationToken cancel)
    {
        using var ingest = Ingest.Resume(_content, blob.Digest);
        if (ingest.PartialBytes > 0)
        {
            await using var partial = ingest.OpenPartial();
            await TakeAsync(partial, ingest, arrival, cancel);
        }
        await using var rest = open(ingest.Length);
        await TakeAsync(rest, ingest, arrival, cancel);
        await Task.Run(() => ingest.Commit(blob.Digest, blob.Size), CancellationToken.None);
    }

    private static async Task TakeAsync(Stream source, Ingest ingest, BlobArrival? arrival, CancellationToken cancel)
    {
        var buffer = new byte[256 * 1024];
        for (int read; (read = await source.ReadAsync(buffer, cancel)) > 0;)
        {
            ingest.Accept(buffer.AsSpan(0, read));
            arrival?.Advance(ingest.Path, ingest.Length);
        }
    }

    /// <summary>Forgets manifests of the repositories, the ones that nobody asked for the longest first, until their blobs have no more than that together; with them go the blobs that only they named.</summary>
    internal async Task TrimAsync(Func<string, bool> isCached, long bytesMax, CancellationToken cancel)
    {
        var repositories = List().Where(repository => isCached(repository.Name)).ToList();
        var sizes = repositories.SelectMany(repository => repository.Blobs.Keys).Distinct().ToDictionary(blob => blob, blob => _content.SizeOf(blob) ?? 0);
        var total = sizes.Values.Sum();
        if (total <= bytesMax) return;
        var byAge = repositories.SelectMany(repository => repository.Manifests.Values.Where(manifest => !manifest.IsIndex).Select(manifest => (Repository: repository, Manifest: manifest, Used: LastUse(repository, manifest))))
            .Where(one => _time.GetUtcNow() - one.Used > s_beingPulled).OrderBy(one => one.Used).ToList();
        foreach (var (repository, manifest, _) in byAge)
        {
            if (total <= bytesMax) return;
            // An index that named it is asked for again with it.
            foreach (var index in repository.Manifests.Values.Where(other => other.Manifests.Contains(manifest.Digest))) await ForgetAsync(repository.Name, index.Digest, cancel);
            await ForgetAsync(repository.Name, manifest.Digest, cancel);
            foreach (var blob in manifest.Blobs)
            {
                if (!await TryUnlinkAsync(repository, blob, cancel) || repositories.Exists(other => other.Blobs.ContainsKey(blob))) continue;
                total -= sizes.GetValueOrDefault(blob);
                _content.TryFree(blob);
            }
        }
    }

    private static DateTimeOffset LastUse(Repository repository, ManifestEntry manifest) =>
        manifest.Blobs.Select(blob => repository.Blobs.GetValueOrDefault(blob)).Append(manifest.Pushed).Max();

    private async Task ForgetAsync(string name, Digest manifest, CancellationToken cancel)
    {
        try { await DeleteManifestAsync(name, manifest, cancel); }
        // Somebody else was faster, or has just brought another index of it.
        catch (DistributionException gone) when (gone.Error is DistributionError.ManifestUnknown or DistributionError.Unsupported) { }
    }

    private async Task<bool> TryUnlinkAsync(Repository repository, Digest blob, CancellationToken cancel)
    {
        using (await repository.ChangeAsync(cancel))
        {
            if (!repository.Blobs.ContainsKey(blob) || repository.Manifests.Values.Any(manifest => manifest.Blobs.Contains(blob))) return false;
            await UnlinkAsync(repository, blob);
            return true;
        }
    }
}

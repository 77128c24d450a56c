using System.Text.Json;
using Yun.Images.Content;
using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;

namespace Yun.Images.Repositories;

// What comes from another registry comes when it is asked for: a manifest first, and its parts later, perhaps never.
public sealed partial class RepositoryStore
{
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
    internal async Task KeepBlobAsync(string name, Descriptor blob, Func<long, Stream> open, CancellationToken cancel)
    {
        using var alone = await _fetches.EnterAsync(blob.Digest, cancel);
        using var pins = _pins.Take();
        pins.Add(blob.Digest);
        if (_content.SizeOf(blob.Digest) != blob.Size) await DownloadAsync(blob, open, cancel);
        await LinkAsync(Open(name), blob.Digest, cancel);
    }

    private async Task DownloadAsync(Descriptor blob, Func<long, Stream> open, CancellationToken cancel)
    {
        using var ingest = Ingest.Resume(_content, blob.Digest);
        if (ingest.PartialBytes > 0)
        {
            await using var partial = ingest.OpenPartial();
            await TakeAsync(partial, ingest, cancel);
        }
        await using var rest = open(ingest.Length);
        await TakeAsync(rest, ingest, cancel);
        await Task.Run(() => ingest.Commit(blob.Digest, blob.Size), CancellationToken.None);
    }

    private static async Task TakeAsync(Stream source, Ingest ingest, CancellationToken cancel)
    {
        var buffer = new byte[256 * 1024];
        for (int read; (read = await source.ReadAsync(buffer, cancel)) > 0;) ingest.Accept(buffer.AsSpan(0, read));
    }
}

using Yun.Oci;

namespace Yun.Images.Repositories;

public sealed partial class RepositoryStore
{
    /// <summary>
    /// Frees what nothing stands on: uploads that nobody goes on with, blobs that no manifest of their repository names and that nobody asked for during a lease, and
    /// content that neither a repository nor an image needs. Runs beside everything else: a repository is held only while its own list is looked through, and whether content is needed is
    /// asked at the moment it goes, when whoever is about to need it has it pinned. Gives the bytes that came free.
    /// </summary>
    public async Task<long> CollectAsync(CancellationToken cancel = default)
    {
        var lease = TimeSpan.FromHours(Limits.LeaseHours);
        var freed = _uploads.Expire(lease);
        foreach (var repository in _repositories.Values)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var blob in await UnlinkUnusedAsync(repository, lease, cancel)) freed += Free(blob);
        }
        foreach (var digest in _content.All())
        {
            cancel.ThrowIfCancellationRequested();
            // What a crash left without an owner is as old as the crash; what has none yet is young.
            if (!_references.Contains(digest) && _time.GetUtcNow() - File.GetLastWriteTimeUtc(_content.PathOf(digest)) >= lease) freed += Free(digest);
        }
        return freed;
    }

    private async Task<List<Digest>> UnlinkUnusedAsync(Repository repository, TimeSpan lease, CancellationToken cancel)
    {
        using (await repository.ChangeAsync(cancel))
        {
            var named = repository.Manifests.Values.SelectMany(manifest => manifest.Blobs).ToHashSet();
            var unused = repository.Blobs.Where(blob => !named.Contains(blob.Key) && _time.GetUtcNow() - blob.Value >= lease).Select(blob => blob.Key).ToList();
            foreach (var blob in unused) await UnlinkAsync(repository, blob);
            return unused;
        }
    }

    private long Free(Digest digest)
    {
        var size = _content.SizeOf(digest) ?? 0;
        return _content.TryFree(digest) ? size : 0;
    }
}

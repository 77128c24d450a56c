using Yun.Oci;

namespace Yun.Images.Repositories;

public sealed partial class RepositoryStore
{
    /// <summary>A blob that the repository may give out; null when it has none. Asking keeps it for another lease: the client may be about to name it in a manifest.</summary>
    public StoredBlob? FindBlob(string name, Digest digest)
    {
        if (Find(name) is not { } repository) return null;
        var known = repository.Blobs.ContainsKey(digest);
        if (known) repository.Blobs[digest] = _time.GetUtcNow();
        // A manifest is content as any other, and some clients fetch it as a blob.
        else if (!repository.Manifests.ContainsKey(digest)) return null;
        return _content.SizeOf(digest) is { } size ? new StoredBlob(digest, size, _content.PathOf(digest)) : null;
    }

    /// <summary>Lets the repository give out what another has. False when the other has it not.</summary>
    public async Task<bool> MountAsync(string name, Digest digest, string from, CancellationToken cancel)
    {
        using var pins = _pins.Take();
        pins.Add(digest);
        if (FindBlob(from, digest) is null) return false;
        await LinkAsync(Open(name), digest, cancel);
        return true;
    }

    public Upload BeginUpload(string name) => _uploads.Begin(Open(name).Name);

    /// <exception cref="DistributionException">BlobUploadUnknown: it never was, has ended, or is another repository's.</exception>
    public Upload FindUpload(string name, string id) => _uploads.Find(name, id)
        ?? throw new DistributionException(DistributionError.BlobUploadUnknown, $"There is no upload {id} to {name}.", id);

    public void CancelUpload(Upload upload) => _uploads.Remove(upload);

    /// <summary>Makes the upload a blob of its repository.</summary>
    /// <exception cref="DistributionException">DigestInvalid: what came is something else, and is thrown away.</exception>
    public async Task FinishUploadAsync(Upload upload, Digest expected, CancellationToken cancel)
    {
        using var pins = _pins.Take();
        pins.Add(expected);
        using (await upload.EnterAsync(cancel))
        {
            var digest = await Task.Run(upload.Seal, cancel);
            if (digest != expected)
            {
                _uploads.Remove(upload);
                throw new DistributionException(DistributionError.DigestInvalid, $"What was uploaded has the digest {digest}, not {expected}.", expected.ToString());
            }
            _content.Publish(upload.Path, digest);
            _uploads.Forget(upload);
        }
        await LinkAsync(Open(upload.Repository), expected, cancel);
    }

    /// <exception cref="DistributionException">BlobUnknown; or Unsupported: a manifest stands on it.</exception>
    public async Task DeleteBlobAsync(string name, Digest digest, CancellationToken cancel)
    {
        var repository = Get(name);
        using (await repository.ChangeAsync(cancel))
        {
            if (!repository.Blobs.ContainsKey(digest)) throw UnknownBlob(name, digest);
            if (repository.Manifests.Values.FirstOrDefault(manifest => manifest.Blobs.Contains(digest)) is { } user)
                throw new DistributionException(DistributionError.Unsupported, $"The blob {digest} is a part of the manifest {user.Digest}. Delete that first.", digest.ToString());
            await UnlinkAsync(repository, digest);
        }
        _content.TryFree(digest);
    }

    public static DistributionException UnknownBlob(string name, Digest digest) =>
        new(DistributionError.BlobUnknown, $"The repository {name} has no blob {digest}.", digest.ToString());

    /// <summary>The caller has the content pinned.</summary>
    private async Task LinkAsync(Repository repository, Digest digest, CancellationToken cancel)
    {
        using (await repository.ChangeAsync(cancel))
        {
            var now = _time.GetUtcNow();
            if (!repository.Blobs.ContainsKey(digest))
            {
                await _records.PutBlobAsync(repository.Name, digest, now);
                _references.Add(digest);
            }
            repository.Blobs[digest] = now;
        }
    }

    private async Task UnlinkAsync(Repository repository, Digest digest)
    {
        await _records.DeleteBlobAsync(repository.Name, digest);
        if (repository.Blobs.TryRemove(digest, out _)) _references.Remove(digest);
    }
}

/// <summary>A blob to be given out. Its file holds it whole; it may be deleted meanwhile, and who has it open can go on reading.</summary>
public sealed record StoredBlob(Digest Digest, long Size, string Path);

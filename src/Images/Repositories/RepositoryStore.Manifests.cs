using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Repositories;

public sealed partial class RepositoryStore
{
    /// <summary>The very bytes that were pushed; null when they are gone or damaged, which is reported and not served.</summary>
    public byte[]? ReadManifest(ManifestEntry manifest)
    {
        if (_bytes.Find(manifest.Digest) is { } known) return known;
        if (_content.TryRead(manifest.Digest) is not { } bytes) return null;
        _bytes.Keep(manifest.Digest, bytes);
        return bytes;
    }

    /// <summary>Keeps a manifest or an index, and gives it the tag if the reference is one.</summary>
    /// <exception cref="DistributionException">It is malformed, is not what its digest says, or names what the repository does not have.</exception>
    public async Task<ManifestEntry> PutManifestAsync(string name, string reference, string? mediaType, byte[] bytes, CancellationToken cancel)
    {
        var digest = Digest.Of(bytes);
        if (Digest.TryParse(reference, out var asked))
        {
            if (asked != digest) throw new DistributionException(DistributionError.DigestInvalid, $"What was uploaded has the digest {digest}, not {asked}.", reference);
        }
        else if (!ImageReference.IsTag(reference))
        {
            throw new DistributionException(reference.Contains(':', StringComparison.Ordinal) ? DistributionError.DigestInvalid : DistributionError.TagInvalid, $"'{reference}' is neither a tag nor a sha256 digest.", reference);
        }
        var manifest = Read(bytes, digest, mediaType);
        var repository = Open(name);
        using var pins = _pins.Take();
        pins.Add([digest, .. manifest.Blobs, .. manifest.Manifests]);
        using (await repository.ChangeAsync(cancel))
        {
            RequireParts(repository, manifest);
            if (!repository.Manifests.TryGetValue(digest, out var same))
            {
                await Task.Run(() => _content.Write(bytes), CancellationToken.None);
                await AddAsync(repository, manifest);
            }
            // What is there may have gone bad on the disk, and here are the right bytes.
            else if (same.MediaType == manifest.MediaType) await Task.Run(() => _content.Write(bytes), CancellationToken.None);
            if (!asked.HasValue) await NameAsync(repository, reference, digest);
        }
        _bytes.Keep(digest, bytes);
        return manifest;
    }

    /// <exception cref="DistributionException">ManifestUnknown; or Unsupported: an index stands on it.</exception>
    public async Task DeleteManifestAsync(string name, Digest digest, CancellationToken cancel)
    {
        var repository = Get(name);
        using (await repository.ChangeAsync(cancel))
        {
            if (!repository.Manifests.ContainsKey(digest)) throw UnknownManifest(name, digest.ToString());
            if (repository.Manifests.Values.FirstOrDefault(manifest => manifest.Manifests.Contains(digest)) is { } index)
                throw new DistributionException(DistributionError.Unsupported, $"The manifest {digest} is a part of the index {index.Digest}. Delete that first.", digest.ToString());
            foreach (var (tag, named) in repository.Tags)
                if (named == digest) await RemoveTagAsync(repository, tag);
            await _records.DeleteManifestAsync(name, digest);
            repository.Manifests = repository.Manifests.Remove(digest);
            _references.Remove(digest);
            _bytes.Drop(digest);
        }
        _content.TryFree(digest);
    }

    /// <summary>Takes the tag away; its manifest stays, and is found by its digest.</summary>
    public async Task DeleteTagAsync(string name, string tag, CancellationToken cancel)
    {
        var repository = Get(name);
        using (await repository.ChangeAsync(cancel))
        {
            if (!repository.Tags.ContainsKey(tag)) throw UnknownManifest(name, tag);
            await RemoveTagAsync(repository, tag);
        }
    }

    public static DistributionException UnknownManifest(string name, string reference) =>
        new(DistributionError.ManifestUnknown, $"The repository {name} has no manifest {reference}.", reference);

    private async Task AddAsync(Repository repository, ManifestEntry manifest)
    {
        await _records.PutManifestAsync(repository.Name, manifest);
        _references.Add(manifest.Digest);
        repository.Manifests = repository.Manifests.SetItem(manifest.Digest, manifest);
    }

    private async Task NameAsync(Repository repository, string tag, Digest digest)
    {
        if (repository.Tags.TryGetValue(tag, out var before) && before == digest) return;
        await _records.PutTagAsync(repository.Name, tag, digest);
        repository.Tags = repository.Tags.SetItem(tag, digest);
    }

    private async Task RemoveTagAsync(Repository repository, string tag)
    {
        await _records.DeleteTagAsync(repository.Name, tag);
        repository.Tags = repository.Tags.Remove(tag);
    }

    private ManifestEntry Read(byte[] bytes, Digest digest, string? mediaType)
    {
        if (bytes.Length > Limits.ManifestBytesMax)
            throw new DistributionException(DistributionError.SizeInvalid, $"The manifest has {bytes.Length} bytes; {Limits.ManifestBytesMax} are the most.", digest.ToString());
        if (!string.IsNullOrEmpty(mediaType) && !MediaTypes.IsManifest(mediaType) && !MediaTypes.IsIndex(mediaType))
            throw new DistributionException(DistributionError.ManifestInvalid, $"'{mediaType}' is no kind of manifest that is kept here.", mediaType);
        try { return ManifestEntry.Of(FetchedManifest.Read(bytes, digest, mediaType), _time.GetUtcNow()); }
        catch (EngineException malformed) { throw new DistributionException(DistributionError.ManifestInvalid, malformed.Message, digest.ToString(), malformed); }
    }

    /// <summary>Everything it stands on is in the repository. A subject need not be: a signature may come before what it signs.</summary>
    private void RequireParts(Repository repository, ManifestEntry manifest)
    {
        var missing = manifest.Blobs.Where(blob => !repository.Blobs.ContainsKey(blob) || !_content.Has(blob))
            .Concat(manifest.Manifests.Where(part => !repository.Manifests.ContainsKey(part))).Take(1).ToList();
        if (missing.Count > 0) throw new DistributionException(DistributionError.ManifestBlobUnknown, $"The manifest names {missing[0]}, which {repository.Name} does not have.", missing[0].ToString());
    }
}

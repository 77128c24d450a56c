using System.Globalization;
using System.Text;
using System.Text.Json;
using Yun.Oci;
using Yun.Store;

namespace Yun.Images.Repositories;

/// <summary>
/// The repositories in the store: <c>/registry/repositories/NAME/_manifests/HEX</c>, <c>…/_tags/TAG</c> and <c>…/_blobs/HEX</c>. No part of a name begins with an underscore.
/// A write is on the disk when its task ends.
/// </summary>
internal sealed class RepositoryRecords(IStore store)
{
    private const string Prefix = "/registry/repositories/", Manifests = "/_manifests/", Tags = "/_tags/", Blobs = "/_blobs/";

    public async Task<List<Repository>> ReadAsync(DateTimeOffset now, CancellationToken cancel)
    {
        var found = new Dictionary<string, Repository>();
        foreach (var entry in await store.RangeAsync(Prefix, cancel))
        {
            var path = entry.Key[Prefix.Length..];
            var mark = path.IndexOf("/_", StringComparison.Ordinal);
            if (mark < 0) continue;
            var name = path[..mark];
            if (!found.TryGetValue(name, out var repository)) found[name] = repository = new Repository(name);
            Take(repository, path[mark..], entry.Value, now);
        }
        // A crash between two writes may leave a tag without its manifest.
        foreach (var repository in found.Values)
            repository.Tags = repository.Tags.RemoveRange(repository.Tags.Where(tag => !repository.Manifests.ContainsKey(tag.Value)).Select(tag => tag.Key));
        return [.. found.Values];
    }

    public Task PutManifestAsync(string repository, ManifestEntry manifest) =>
        store.PutAsync(Prefix + repository + Manifests + manifest.Digest.Hex, JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestEntryJson.Default.ManifestEntry)).AsTask();

    public Task PutTagAsync(string repository, string tag, Digest digest) => store.PutAsync(Prefix + repository + Tags + tag, Encoding.ASCII.GetBytes(digest.ToString())).AsTask();

    public Task PutBlobAsync(string repository, Digest blob, DateTimeOffset now) =>
        store.PutAsync(Prefix + repository + Blobs + blob.Hex, Encoding.ASCII.GetBytes(now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))).AsTask();

    public Task DeleteManifestAsync(string repository, Digest manifest) => store.DeleteAsync(Prefix + repository + Manifests + manifest.Hex).AsTask();

    public Task DeleteTagAsync(string repository, string tag) => store.DeleteAsync(Prefix + repository + Tags + tag).AsTask();

    public Task DeleteBlobAsync(string repository, Digest blob) => store.DeleteAsync(Prefix + repository + Blobs + blob.Hex).AsTask();

    private static void Take(Repository repository, string rest, byte[] value, DateTimeOffset now)
    {
        if (rest.StartsWith(Tags, StringComparison.Ordinal))
        {
            if (Digest.TryParse(Encoding.ASCII.GetString(value), out var digest)) repository.Tags = repository.Tags.SetItem(rest[Tags.Length..], digest);
        }
        else if (rest.StartsWith(Manifests, StringComparison.Ordinal))
        {
            if (JsonSerializer.Deserialize(value, ManifestEntryJson.Default.ManifestEntry) is { } manifest) repository.Manifests = repository.Manifests.SetItem(manifest.Digest, manifest);
        }
        // A client that was interrupted with us gets its time anew.
        else if (Digest.TryParse("sha256:" + rest[Blobs.Length..], out var blob)) repository.Blobs[blob] = now;
    }
}

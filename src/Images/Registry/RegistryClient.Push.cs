using System.Net;
using System.Net.Http.Headers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Registry;

internal sealed partial class RegistryClient
{
    public async Task<bool> HasBlobAsync(string repository, Digest digest, CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Head, $"/v2/{repository}/blobs/{digest}", PushScope(repository), null, null, cancel, missingIsFine: true);
        return response.IsSuccessStatusCode;
    }

    /// <summary>Asks the registry to take the blob from another of its repositories. False when it wants the bytes after all.</summary>
    public async Task<bool> MountBlobAsync(string repository, Digest digest, string fromRepository, CancellationToken cancel)
    {
        var scope = $"{PushScope(repository)} {PullScope(fromRepository)}";
        using var response = await SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/?mount={Uri.EscapeDataString(digest.ToString())}&from={Uri.EscapeDataString(fromRepository)}",
            scope, null, null, cancel);
        if (response.StatusCode == HttpStatusCode.Created) return true;
        // It began an upload instead, which nobody will use.
        if (response.Headers.Location is { } upload)
            using (await SendAsync(HttpMethod.Delete, upload.ToString(), PushScope(repository), null, null, cancel, missingIsFine: true)) { }
        return false;
    }

    /// <summary>Uploads a blob in one request. A broken one is begun again: the registry keeps what is whole only.</summary>
    /// <param name="open">The blob's bytes; called for each try.</param>
    public async Task PutBlobAsync(string repository, Digest digest, long size, Func<Stream> open, Action<long> sent, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var begun = await SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/", PushScope(repository), null, Empty, cancel);
                var upload = begun.Headers.Location ?? throw new EngineException(ErrorKind.Unavailable, $"The registry {Host} takes the upload and does not say where.");
                var target = upload.ToString();
                target += (target.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "digest=" + Uri.EscapeDataString(digest.ToString());
                using var done = await SendAsync(HttpMethod.Put, target, PushScope(repository), null, () => new UploadContent(open(), size, sent, Stall), cancel);
                return;
            }
            catch (Exception broken) when (tries < connections.Options.Tries && !cancel.IsCancellationRequested
                && broken is EngineException { Kind: ErrorKind.Unavailable } or RegistryException { Status: >= HttpStatusCode.InternalServerError })
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250 << tries), cancel);
            }
        }
    }

    /// <summary>The digest under which the registry keeps the manifest is ours to compute; that it agrees is checked.</summary>
    public async Task PutManifestAsync(string repository, string tagOrDigest, string mediaType, byte[] manifest, CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Put, $"/v2/{repository}/manifests/{tagOrDigest}", PushScope(repository), null,
            () => new ByteArrayContent(manifest) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } }, cancel);
        if (response.Headers.TryGetValues("Docker-Content-Digest", out var values) && values.First() != Digest.Of(manifest).ToString())
            throw new EngineException(ErrorKind.Internal, $"The registry {Host} keeps the manifest as {values.First()}, not as {Digest.Of(manifest)}.");
    }

    private static ByteArrayContent Empty() => new([]);
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Registry;

internal sealed partial class RegistryClient
{
    /// <summary>What a registry may ask us to keep in memory: the specification's own advice for manifests.</summary>
    public const int ManifestMax = 4 << 20;
    private const int TagListMax = 4 << 20;
    private const int TagsMax = 100_000;

    /// <summary>A manifest or index by tag or digest, with the bytes that its digest is of.</summary>
    public async Task<FetchedManifest> GetManifestAsync(string repository, string tagOrDigest, CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/v2/{repository}/manifests/{tagOrDigest}", PullScope(repository),
            request => Accept(request, MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerIndex, MediaTypes.DockerManifest, "application/json"), null, cancel);
        var bytes = await ReadAsync(response, ManifestMax, $"manifest of {repository}:{tagOrDigest}", cancel);
        var digest = Digest.Of(bytes);
        // The header is the registry's claim and the tag's; where the digest was asked for, only that counts.
        var claimed = Digest.TryParse(tagOrDigest, out var asked) ? asked
            : response.Headers.TryGetValues("Docker-Content-Digest", out var values) && Digest.TryParse(values.First(), out var header) ? header : digest;
        if (digest != claimed) throw new EngineException(ErrorKind.Internal, $"The manifest of {repository}:{tagOrDigest} is damaged: it has the digest {digest}, not {claimed}.");
        return FetchedManifest.Read(bytes, digest, response.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>A manifest's descriptor without the manifest; null when there is none.</summary>
    public async Task<Descriptor?> FindManifestAsync(string repository, string tagOrDigest, CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Head, $"/v2/{repository}/manifests/{tagOrDigest}", PullScope(repository),
            request => Accept(request, MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerIndex, MediaTypes.DockerManifest), null, cancel, missingIsFine: true);
        return response.IsSuccessStatusCode && response.Headers.TryGetValues("Docker-Content-Digest", out var values) && Digest.TryParse(values.First(), out var digest)
            ? new Descriptor { MediaType = response.Content.Headers.ContentType?.MediaType ?? "", Digest = digest, Size = response.Content.Headers.ContentLength ?? 0 } : null;
    }

    public async Task<IReadOnlyList<string>> ListTagsAsync(string repository, CancellationToken cancel)
    {
        var tags = new List<string>();
        for (var page = $"/v2/{repository}/tags/list"; page is not null;)
        {
            using var response = await SendAsync(HttpMethod.Get, page, PullScope(repository), null, null, cancel);
            var body = await ReadAsync(response, TagListMax, $"list of tags of {repository}", cancel);
            var more = ParseTags(body);
            tags.AddRange(more);
            if (tags.Count > TagsMax) throw new EngineException(ErrorKind.InvalidArgument, $"The repository {repository} has more than {TagsMax} tags.");
            page = more.Count > 0 ? NextPage(response) : null;
        }
        return tags;
    }

    /// <summary>A blob from a byte on. Whether the registry began there, or at the beginning, is in the result.</summary>
    public async Task<(HttpResponseMessage Response, long Start)> OpenBlobAsync(string repository, Digest digest, long from, CancellationToken cancel)
    {
        var response = await SendAsync(HttpMethod.Get, $"/v2/{repository}/blobs/{digest}", PullScope(repository),
            request => { if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null); }, null, cancel);
        return (response, response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? from : 0);
    }

    /// <summary>A blob as a stream that survives broken and stalled connections.</summary>
    public Stream OpenBlob(string repository, Descriptor blob, long from, CancellationToken cancel) => new BlobDownload(this, repository, blob, from, connections.Options, cancel);

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, int max, string what, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Stall);
        try
        {
            return await Bounded.ReadAsync(await response.Content.ReadAsStreamAsync(limit.Token), max, what, limit.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            throw RegistryConnections.Unreachable(Host, failure);
        }
    }

    /// <summary>What refers to a manifest; a registry that does not keep such lists may have one under a tag, as the specification has it.</summary>
    public async Task<IReadOnlyList<Descriptor>> ListReferrersAsync(string repository, Digest subject, string artifactType, CancellationToken cancel)
    {
        ImageIndex? index;
        using (var response = await SendAsync(HttpMethod.Get, $"/v2/{repository}/referrers/{subject}?artifactType={Uri.EscapeDataString(artifactType)}", PullScope(repository),
            request => Accept(request, MediaTypes.OciIndex), null, cancel, missingIsFine: true))
        {
            if (response.IsSuccessStatusCode)
            {
                var bytes = await ReadAsync(response, ManifestMax, $"list of what refers to {subject}", cancel);
                index = FetchedManifest.Read(bytes, Digest.Of(bytes), MediaTypes.OciIndex).Index;
            }
            else
            {
                try { index = (await GetManifestAsync(repository, $"sha256-{subject.Hex}", cancel)).Index; }
                catch (RegistryException missing) when (missing.Status == HttpStatusCode.NotFound) { index = null; }
            }
        }
        return [.. (index?.Manifests ?? []).Where(entry => entry.ArtifactType == artifactType)];
    }

    /// <summary>The one part of Docker's first registry API that clients still use.</summary>
    public async Task<IReadOnlyList<FoundRepository>> SearchAsync(string term, int most, CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/v1/search?q={Uri.EscapeDataString(term)}&n={most}", "registry:catalog:*", null, null, cancel);
        var body = await ReadAsync(response, TagListMax, $"answer to the search for '{term}'", cancel);
        try { return JsonSerializer.Deserialize(body, RegistryErrorJson.Default.SearchBody)?.Results ?? []; }
        catch (JsonException malformed) { throw new EngineException(ErrorKind.Unavailable, $"The registry {Host} gave an answer that is malformed: {malformed.Message}", malformed); }
    }

    private List<string> ParseTags(byte[] body)
    {
        try { return JsonSerializer.Deserialize(body, RegistryErrorJson.Default.TagsBody)?.Tags ?? []; }
        catch (JsonException malformed) { throw new EngineException(ErrorKind.Unavailable, $"The registry {Host} gave a list of tags that is malformed: {malformed.Message}", malformed); }
    }

    /// <summary>RFC 5988, as the specification has it: <c>Link: &lt;URL&gt;; rel="next"</c>.</summary>
    private static string? NextPage(HttpResponseMessage response) => response.Headers.TryGetValues("Link", out var links)
        && links.FirstOrDefault(link => link.StartsWith('<') && link.Contains("rel=\"next\"", StringComparison.Ordinal)) is { } next ? next[1..next.IndexOf('>', StringComparison.Ordinal)] : null;
}

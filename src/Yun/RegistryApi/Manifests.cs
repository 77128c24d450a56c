using System.Text.Json;
using Yun.Images.Repositories;
using Yun.Oci;

namespace Yun.RegistryApi;

/// <summary>Manifests and indexes by tag or digest, and what refers to them.</summary>
internal static class Manifests
{
    public static async Task GetAsync(HttpContext context, RepositoryStore repositories, string name, string reference)
    {
        var (request, response) = (context.Request, context.Response);
        var manifest = repositories.Get(name).Find(reference) ?? throw RepositoryStore.UnknownManifest(name, reference);
        response.Headers["Docker-Content-Digest"] = manifest.Digest.ToString();
        response.Headers.ETag = $"\"{manifest.Digest}\"";
        if (Conditions.IsUnchanged(request, manifest.Digest))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        // A manifest that went bad on the disk is none, and pushing it again mends it.
        var bytes = repositories.ReadManifest(manifest) ?? throw RepositoryStore.UnknownManifest(name, reference);
        response.ContentType = manifest.MediaType;
        response.ContentLength = bytes.Length;
        if (request.Method != HttpMethods.Head) await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    public static async Task PutAsync(HttpContext context, RepositoryStore repositories, string name, string reference)
    {
        var mediaType = context.Request.ContentType?.Split(';')[0].Trim();
        var manifest = await repositories.PutManifestAsync(name, reference, mediaType, await ReadAsync(context, repositories.Limits.ManifestBytesMax), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"/v2/{name}/manifests/{manifest.Digest}";
        context.Response.Headers["Docker-Content-Digest"] = manifest.Digest.ToString();
        if (manifest.Subject is { } subject) context.Response.Headers["OCI-Subject"] = subject.ToString();
        context.Response.ContentLength = 0;
    }

    public static async Task DeleteAsync(HttpContext context, RepositoryStore repositories, string name, string reference)
    {
        if (Digest.TryParse(reference, out var digest)) await repositories.DeleteManifestAsync(name, digest, context.RequestAborted);
        else await repositories.DeleteTagAsync(name, reference, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentLength = 0;
    }

    /// <summary>Never an error for a digest that is unknown: nothing refers to it.</summary>
    public static async Task ReferrersAsync(HttpContext context, RepositoryStore repositories, string name, Digest subject)
    {
        var referrers = repositories.Find(name)?.Referrers(subject) ?? [];
        if (context.Request.Query["artifactType"].ToString() is { Length: > 0 } wanted)
        {
            referrers = referrers.Where(manifest => manifest.ArtifactType == wanted);
            context.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }
        var index = new ImageIndex
        {
            MediaType = MediaTypes.OciIndex,
            Manifests = [.. referrers.Select(manifest => new Descriptor
            {
                MediaType = manifest.MediaType, Digest = manifest.Digest, Size = manifest.Size, ArtifactType = manifest.ArtifactType, Annotations = manifest.Annotations,
            })],
        };
        var body = JsonSerializer.SerializeToUtf8Bytes(index, RegistryJson.Default.ImageIndex);
        context.Response.ContentType = MediaTypes.OciIndex;
        context.Response.ContentLength = body.Length;
        if (context.Request.Method != HttpMethods.Head) await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static async Task<byte[]> ReadAsync(HttpContext context, int max)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            if (bytes.Length + read > max) throw new DistributionException(DistributionError.SizeInvalid, $"The manifest has more than the {max} bytes that are allowed.");
            bytes.Write(buffer, 0, read);
        }
        return bytes.ToArray();
    }
}

using System.Globalization;
using Yun.Images.Repositories;
using Yun.Oci;

namespace Yun.RegistryApi;

/// <summary>Blobs on their way in: in one request, in two, or in as many chunks as the client likes (OCI distribution spec, "Push").</summary>
internal static class BlobUploads
{
    public static async Task BeginAsync(HttpContext context, RepositoryStore repositories, string name, Func<string, bool> mayRead)
    {
        var query = context.Request.Query;
        if (Digest.TryParse(query["mount"].ToString(), out var mounted))
        {
            // Without a repository to take it from, any that the client may read will do.
            var sources = query["from"].ToString() is { Length: > 0 } from ? [from] : repositories.List().Where(repository => repository.Name != name).Select(repository => repository.Name).Where(mayRead);
            foreach (var source in sources.Where(mayRead))
            {
                if (!await repositories.MountAsync(name, mounted, source, context.RequestAborted)) continue;
                Created(context, name, mounted);
                return;
            }
        }
        var whole = query["digest"].ToString() is { Length: > 0 } digest ? RegistryRequest.ParseDigest(digest) : default;
        var upload = repositories.BeginUpload(name);
        if (!whole.HasValue)
        {
            Accepted(context, upload);
            return;
        }
        try
        {
            await AppendAsync(context, repositories, upload, null);
            await repositories.FinishUploadAsync(upload, whole, context.RequestAborted);
        }
        catch
        {
            // Nobody was told its name, so nobody will go on with it.
            repositories.CancelUpload(upload);
            throw;
        }
        Created(context, name, whole);
    }

    public static async Task PatchAsync(HttpContext context, RepositoryStore repositories, Upload upload)
    {
        await AppendAsync(context, repositories, upload, StartOf(context, upload));
        Accepted(context, upload);
    }

    public static async Task FinishAsync(HttpContext context, RepositoryStore repositories, Upload upload)
    {
        var digest = RegistryRequest.ParseDigest(context.Request.Query["digest"].ToString());
        await AppendAsync(context, repositories, upload, StartOf(context, upload));
        await repositories.FinishUploadAsync(upload, digest, context.RequestAborted);
        Created(context, upload.Repository, digest);
    }

    public static void Tell(HttpContext context, Upload upload)
    {
        Describe(context, upload);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task AppendAsync(HttpContext context, RepositoryStore repositories, Upload upload, long? start)
    {
        if (context.Request.ContentLength == 0 && start is null) return;
        if (context.Request.ContentLength is { } announced && announced > repositories.Limits.BlobBytesMax - upload.Length) throw TooLarge(repositories, upload);
        try
        {
            await upload.AppendAsync(context.Request.Body, start, repositories.Limits.BlobBytesMax, context.RequestAborted);
        }
        catch (DistributionException refused) when (refused.Error == DistributionError.RangeInvalid)
        {
            Describe(context, upload);
            throw;
        }
        catch (Exception failed) when (failed is DistributionException { Error: DistributionError.SizeInvalid } or IOException { HResult: 28 })
        {
            // It can never be finished, or there is no room for what is left: its own room is of more use to others.
            repositories.CancelUpload(upload);
            throw;
        }
    }

    /// <summary><c>Content-Range: START-END</c>, without a unit as the specification has it; <c>bytes START-END/SIZE</c> is understood as well.</summary>
    private static long? StartOf(HttpContext context, Upload upload)
    {
        var text = context.Request.Headers.ContentRange.ToString();
        if (text.Length == 0) return null;
        var parts = (text.StartsWith("bytes", StringComparison.Ordinal) ? text[5..] : text).Trim(' ', '=').Split('/')[0].Split('-');
        if (parts.Length == 2 && long.TryParse(parts[0], CultureInfo.InvariantCulture, out var start) && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var end)
            && start >= 0 && end >= start && (context.Request.ContentLength is not { } length || length == end - start + 1)) return start;
        Describe(context, upload);
        throw new DistributionException(DistributionError.RangeInvalid, $"'{text}' is not the range of what was sent.", upload.Id);
    }

    private static DistributionException TooLarge(RepositoryStore repositories, Upload upload)
    {
        repositories.CancelUpload(upload);
        return new DistributionException(DistributionError.SizeInvalid, $"The blob is larger than the {repositories.Limits.BlobBytesMax} bytes that are allowed.", upload.Id);
    }

    private static void Accepted(HttpContext context, Upload upload)
    {
        Describe(context, upload);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentLength = 0;
    }

    private static void Describe(HttpContext context, Upload upload)
    {
        context.Response.Headers.Location = $"/v2/{upload.Repository}/blobs/uploads/{upload.Id}";
        context.Response.Headers["Docker-Upload-UUID"] = upload.Id;
        // The range's end counts, and there is no way to write an empty one: the reference registry writes this.
        context.Response.Headers.Range = string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, upload.Length - 1)}");
    }

    private static void Created(HttpContext context, string name, Digest digest)
    {
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"/v2/{name}/blobs/{digest}";
        context.Response.Headers["Docker-Content-Digest"] = digest.ToString();
        context.Response.ContentLength = 0;
    }
}

using Yun.Images.Repositories;
using Yun.RegistryApi.Access;

namespace Yun.RegistryApi;

/// <summary>The registry's side of HTTP: every endpoint of the OCI distribution specification on one screen.</summary>
internal sealed class RegistryServer(RepositoryStore repositories, Gatekeeper gatekeeper, PullThrough? cache, RegistryMetrics metrics, RequestLimit? limit, Action<string> log)
{
    public async Task HandleAsync(HttpContext context)
    {
        var area = RegistryArea.None;
        try
        {
            if (limit?.TryTake(context.Connection.RemoteIpAddress) == false)
                throw new DistributionException(DistributionError.TooManyRequests, "You ask faster than this registry answers. Wait a second.");
            var path = context.Request.Path.Value ?? "/";
            if (path.StartsWith("/v2", StringComparison.Ordinal) || path.StartsWith("/v1/", StringComparison.Ordinal))
            {
                context.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
                var request = RegistryRequest.Parse(path);
                area = request.Area;
                await AnswerAsync(context, request);
            }
            else if (path == "/token") await gatekeeper.IssueAsync(context);
            else if (path == "/metrics") await metrics.WriteAsync(context, gatekeeper, repositories);
            else await Pages.AnswerAsync(context, path, gatekeeper, repositories);
        }
        // Who asked is gone, and has no use for an answer.
        catch (Exception) when (context.RequestAborted.IsCancellationRequested) { }
        catch (Exception failure)
        {
            await RegistryFailures.AnswerAsync(context, failure, log);
        }
        finally
        {
            metrics.Count(context, area);
        }
    }

    private async Task AnswerAsync(HttpContext context, RegistryRequest request)
    {
        var (method, name) = (context.Request.Method, request.Name);
        gatekeeper.Require(context, request);
        switch (method, request.Area)
        {
            case ("GET" or "HEAD", RegistryArea.Ping):
                await PingAsync(context);
                break;
            case ("GET" or "HEAD", RegistryArea.Catalog):
                await Lists.CatalogAsync(context, repositories.List().Select(repository => repository.Name).Where(other => gatekeeper.MayPull(context, other)));
                break;
            case ("GET" or "HEAD", RegistryArea.Search):
                await Lists.SearchAsync(context, repositories.List().Select(repository => repository.Name).Where(other => gatekeeper.MayPull(context, other)));
                break;
            case ("GET" or "HEAD", RegistryArea.Tags):
                await Lists.TagsAsync(context, repositories.Get(name));
                break;
            case ("GET" or "HEAD", RegistryArea.Manifest):
                if (cache?.Serves(name) == true) await cache.RefreshAsync(name, request.Reference, context.RequestAborted);
                await Manifests.GetAsync(context, repositories, name, request.Reference);
                break;
            case ("PUT", RegistryArea.Manifest):
                RequireOwn(name);
                await Manifests.PutAsync(context, repositories, name, request.Reference);
                break;
            case ("DELETE", RegistryArea.Manifest):
                await Manifests.DeleteAsync(context, repositories, name, request.Reference);
                break;
            case ("GET" or "HEAD", RegistryArea.Blob):
                if (cache?.Serves(name) == true && cache.FindMissing(name, request.Digest) is { } missing && await Blobs.RelayAsync(context, cache, name, missing)) break;
                await Blobs.GetAsync(context, repositories.FindBlob(name, request.Digest) ?? throw RepositoryStore.UnknownBlob(name, request.Digest));
                break;
            case ("DELETE", RegistryArea.Blob):
                await repositories.DeleteBlobAsync(name, request.Digest, context.RequestAborted);
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                context.Response.ContentLength = 0;
                break;
            case ("POST", RegistryArea.Uploads):
                RequireOwn(name);
                await BlobUploads.BeginAsync(context, repositories, name, other => gatekeeper.MayPull(context, other));
                break;
            case ("GET" or "HEAD", RegistryArea.Upload):
                BlobUploads.Tell(context, repositories.FindUpload(name, request.Reference));
                break;
            case ("PATCH", RegistryArea.Upload):
                await BlobUploads.PatchAsync(context, repositories, repositories.FindUpload(name, request.Reference));
                break;
            case ("PUT", RegistryArea.Upload):
                await BlobUploads.FinishAsync(context, repositories, repositories.FindUpload(name, request.Reference));
                break;
            case ("DELETE", RegistryArea.Upload):
                repositories.CancelUpload(repositories.FindUpload(name, request.Reference));
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            case ("GET" or "HEAD", RegistryArea.Referrers):
                await Manifests.ReferrersAsync(context, repositories, name, request.Digest);
                break;
            case (_, RegistryArea.None):
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
            default:
                throw new DistributionException(DistributionError.Unsupported, $"{method} means nothing here.");
        }
    }

    private static async Task PingAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = 2;
        if (context.Request.Method != HttpMethods.Head) await context.Response.WriteAsync("{}");
    }

    private void RequireOwn(string name)
    {
        if (cache?.Serves(name) == true) throw new DistributionException(DistributionError.Denied, $"{name} is another registry's repository, kept here to be pulled. Push it there.", name);
    }
}

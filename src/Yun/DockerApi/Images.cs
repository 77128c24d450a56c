using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Images;
using Yun.Node;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.DockerApi;

public static class ImagesRoutes
{
    private const string Inspection = "/json", History = "/history", Push = "/push", Tag = "/tag", Saved = "/get", Files = "/files";

    public static void MapImages(this IEndpointRouteBuilder routes)
    {
        var images = routes.MapGroup("/images");
        images.MapGet("/json", List);
        images.MapGet("/get", (HttpContext context, Engine engine) => ImageTransfers.SaveAsync(context, engine, [.. context.Request.Query["names"].OfType<string>()]));
        images.MapGet("/search", SearchAsync);
        images.MapPost("/create", ImageTransfers.CreateAsync);
        images.MapPost("/load", ImageTransfers.LoadAsync);
        images.MapPost("/prune", PruneAsync);
        // An image's name holds slashes, and what is asked of it follows the last one.
        images.MapGet("/{**path}", ReadAsync);
        images.MapPost("/{**path}", ChangeAsync);
        images.MapDelete("/{**name}", RemoveAsync);
    }

    private static Task ReadAsync(string path, HttpContext context, Engine engine) =>
        Names(path, Inspection, out var name) ? TypedResults.Json(Inspect(context, engine, name), DockerApiJson.Default.ImageInspect).ExecuteAsync(context)
        : Names(path, History, out name) ? TypedResults.Json(ImageViews.History(Find(context, engine, name)), DockerApiJson.Default.ListImageHistoryItem).ExecuteAsync(context)
        : Names(path, Saved, out name) ? ImageTransfers.SaveAsync(context, engine, [name])
        : Names(path, Files, out name) ? ImageTransfers.SendFilesAsync(context, engine.Images.OpenFiles(engine.Images.Find(name), context.RequestAborted))
        : throw new EngineException(ErrorKind.NotFound, "page not found");

    private static ImageInspect Inspect(HttpContext context, Engine engine, string name)
    {
        var image = Find(context, engine, name);
        var inspect = ImageViews.Inspect(image, WantsContainerConfig(context), context.ApiVersion() < new ApiVersion(1, 50));
        if (context.Flag("manifests")) (inspect.Descriptor, inspect.Manifests) = ImageManifests.Of(engine, image);
        return inspect;
    }

    /// <summary>An image by name, for the platform that the request may ask for.</summary>
    private static Image Find(HttpContext context, Engine engine, string name)
    {
        var platform = context.Platform();
        var image = engine.Images.Find(name, platform);
        return platform is null || platform.Suits(image.Platform) > 0 ? image
            : throw new EngineException(ErrorKind.NotFound, $"image with reference {name} was found but does not provide the specified platform ({platform})");
    }

    // Compose 1 asks in whatever version the engine speaks, and recreates no container without it.
    private static bool WantsContainerConfig(HttpContext context) =>
        context.ApiVersion() < new ApiVersion(1, 45) || context.Request.Headers.UserAgent.ToString().StartsWith("docker-compose/1.", StringComparison.Ordinal);

    private static Task ChangeAsync(string path, HttpContext context, Engine engine) =>
        Names(path, Tag, out var name) ? TagAsync(name, context, engine)
        : Names(path, Push, out name) ? ImageTransfers.PushAsync(name, context, engine)
        : throw new EngineException(ErrorKind.NotFound, "page not found");

    private static bool Names(string path, string what, out string name)
    {
        var matches = path.Length > what.Length && path.EndsWith(what, StringComparison.Ordinal);
        name = matches ? Uri.UnescapeDataString(path[..^what.Length]) : "";
        return matches;
    }

    private static JsonHttpResult<List<ImageSummary>> List(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("before", "dangling", "label", "label!", "reference", "since", "until");
        var all = context.Flag("all");
        // Told also when there is no image to try it on.
        _ = filters.TruthOf("dangling");
        var shown = engine.Images.List().Where(image => ImageFilter.Matches(engine, image, filters, all));
        return TypedResults.Json(shown.Select(Show).ToList(), DockerApiJson.Default.ListImageSummary);

        ImageSummary Show(Image image)
        {
            var summary = ImageViews.Summarise(image, engine.Images.UserCount(image), name => ImageFilter.IsAskedFor(name, filters));
            if (context.Flag("manifests")) (summary.Descriptor, summary.Manifests) = ImageManifests.Of(engine, image);
            return summary;
        }
    }

    /// <summary>A term that begins with a registry's host is searched there, any other in the registry beside the engine.</summary>
    private static async Task<JsonHttpResult<List<ImageSearchResult>>> SearchAsync(HttpContext context, Engine engine)
    {
        var term = context.Text("term") ?? "";
        var slash = term.IndexOf('/', StringComparison.Ordinal);
        var most = context.Number("limit") is > 0 and var limit ? limit : 25;
        if (slash < 1 || !(term[..slash].AsSpan().ContainsAny('.', ':') || term.StartsWith("localhost/", StringComparison.Ordinal)))
        {
            if (engine.RegistryAddress is not { } own)
                throw new EngineException(ErrorKind.NotImplemented, "Docker Hub cannot be searched from here; name a registry, as in HOST:PORT/TERM, or start the daemon with --registry to search in its own.");
            var names = engine.Images.Repositories.List().Select(repository => repository.Name).Where(name => name.Contains(term, StringComparison.OrdinalIgnoreCase)).Take(most);
            return TypedResults.Json(names.Select(name => new ImageSearchResult { Name = $"{own}/{name}" }).ToList(), DockerApiJson.Default.ListImageSearchResult);
        }
        var (host, text) = (term[..slash], term[(slash + 1)..]);
        var found = await engine.Images.SearchAsync(host, text, most, RegistryCredentials.Of(context), context.RequestAborted);
        return TypedResults.Json(found.Select(one => new ImageSearchResult { Name = $"{host}/{one.Name}", Description = one.Description ?? "", StarCount = one.Stars, IsOfficial = one.IsOfficial }).ToList(),
            DockerApiJson.Default.ListImageSearchResult);
    }

    private static async Task TagAsync(string name, HttpContext context, Engine engine)
    {
        var repository = context.Text("repo") ?? throw new EngineException(ErrorKind.InvalidArgument, "invalid reference format: repository name is missing");
        await engine.Images.TagAsync(engine.Images.Find(name), Reference(repository, context.Text("tag")), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status201Created;
    }

    private static async Task<JsonHttpResult<List<ImageDeleteItem>>> RemoveAsync(string name, HttpContext context, Engine engine)
    {
        var removed = await engine.Images.RemoveAsync(Uri.UnescapeDataString(name), context.Flag("force"), !context.Flag("noprune"), context.RequestAborted);
        return TypedResults.Json(removed.Select(ImageViews.Show).ToList(), DockerApiJson.Default.ListImageDeleteItem);
    }

    private static async Task<JsonHttpResult<ImagePruneResponse>> PruneAsync(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("dangling", "label", "label!", "until");
        // Docker prunes what has no name, unless dangling=false asks for all that no container uses.
        var all = filters.TruthOf("dangling") == false;
        var (removed, freed) = await engine.Images.PruneAsync(all, image => filters.MatchesLabels(image.Config.Config?.Labels) && ImageFilter.IsBefore(image, filters), context.RequestAborted);
        return TypedResults.Json(new ImagePruneResponse { ImagesDeleted = [.. removed.Select(ImageViews.Show)], SpaceReclaimed = (ulong)freed }, DockerApiJson.Default.ImagePruneResponse);
    }

    /// <summary>A name and an optional tag or digest, as two parameters give them.</summary>
    /// <exception cref="EngineException">400 in Docker's words when they make no reference.</exception>
    internal static ImageReference Reference(string repository, string? tagOrDigest)
    {
        var text = tagOrDigest is null ? repository : tagOrDigest.Contains(':', StringComparison.Ordinal) ? $"{repository}@{tagOrDigest}" : $"{repository}:{tagOrDigest}";
        return ImageReference.TryParse(text, out var reference) ? reference : throw new EngineException(ErrorKind.InvalidArgument, $"invalid reference format: '{text}'");
    }
}

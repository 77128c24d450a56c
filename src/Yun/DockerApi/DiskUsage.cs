using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Protocol;

namespace Yun.DockerApi;

public static class DiskUsageRoutes
{
    public static void MapDiskUsage(this IEndpointRouteBuilder routes) => routes.MapGet("/system/df", DiskUsageAsync);

    private static async Task<JsonHttpResult<DiskUsage>> DiskUsageAsync(HttpContext context, Engine engine)
    {
        var kinds = context.Request.Query["type"].OfType<string>().ToHashSet();
        if (kinds.FirstOrDefault(kind => kind is not ("container" or "image" or "volume" or "build-cache")) is { } unknown)
            throw new EngineException(ErrorKind.InvalidArgument, $"unknown object type: {unknown}");
        bool Wants(string kind) => kinds.Count == 0 || kinds.Contains(kind);
        var usage = new DiskUsage();
        if (Wants("image")) (usage.Images, usage.LayersSize) = Images(engine);
        if (Wants("container")) usage.Containers = Containers(engine);
        if (Wants("volume")) usage.Volumes = [.. engine.Volumes.List().Select(volume => VolumesRoutes.Show(engine.Volumes, volume, withUsage: true))];
        if (Wants("build-cache")) usage.BuildCache = await BuildCacheAsync(engine, context.RequestAborted);
        return TypedResults.Json(usage, DockerApiJson.Default.DiskUsage);
    }

    /// <summary>A layer that several images stand on is counted once in the sum, and as shared in each of them.</summary>
    private static (List<ImageSummary> Images, long LayersSize) Images(Engine engine)
    {
        var images = engine.Images.List();
        var uses = images.SelectMany(image => image.Layers).CountBy(layer => layer.ChainId).ToDictionary();
        var shown = new List<ImageSummary>();
        foreach (var image in images)
        {
            // Images that only stand below others are counted with those.
            if (image.IsDangling && images.Any(other => other.Parent == image.Id)) continue;
            var summary = ImageViews.Summarise(image, engine.Images.UserCount(image));
            summary.SharedSize = image.Layers.Where(layer => uses[layer.ChainId] > 1).Sum(layer => layer.SizeBytes);
            shown.Add(summary);
        }
        return (shown, images.SelectMany(image => image.Layers).DistinctBy(layer => layer.ChainId).Sum(layer => layer.SizeBytes));
    }

    private static List<ContainerSummary> Containers(Engine engine)
    {
        var links = Node.Containers.LegacyLink.Names(engine.Containers);
        return [.. engine.Containers.List().Select(container => ContainerSummaries.Of(container, withSize: true, links))];
    }

    private static async Task<List<BuildCacheRecord>> BuildCacheAsync(Engine engine, CancellationToken cancel)
    {
        var records = new List<BuildCacheRecord>();
        foreach (var (key, entry) in await engine.Builds.Cache.ListAsync(cancel))
        {
            if (engine.Images.TryFind(entry.Image.ToString()) is not { } image) continue;
            var below = image.Parent is { } parent ? engine.Images.TryFind(parent.ToString())?.Layers.Count ?? 0 : 0;
            records.Add(new BuildCacheRecord
            {
                Id = key, Description = entry.Command, CreatedAt = entry.Created, LastUsedAt = entry.LastUsed, UsageCount = entry.Uses, InUse = engine.Images.UserCount(image) > 0,
                // Its layer is an image's too, where it is counted.
                Shared = true, Size = image.Layers.Skip(below).Sum(layer => layer.SizeBytes),
            });
        }
        return records;
    }
}

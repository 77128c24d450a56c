using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Volumes;
using Yun.Protocol;
using NodeVolume = Yun.Node.Volumes.Volume;
using Volume = Yun.DockerApi.Model.Volume;

namespace Yun.DockerApi;

public static class VolumesRoutes
{
    public static void MapVolumes(this IEndpointRouteBuilder routes)
    {
        var volumes = routes.MapGroup("/volumes");
        volumes.MapGet("", List);
        volumes.MapPost("/create", CreateAsync);
        volumes.MapPost("/prune", PruneAsync);
        volumes.MapGet("/{name}", (string name, Engine engine) => TypedResults.Json(Show(engine.Volumes, engine.Volumes.Find(name)), DockerApiJson.Default.Volume));
        volumes.MapPut("/{name}", UpdateAsync);
        volumes.MapDelete("/{name}", RemoveAsync);
        // Yun's own.
        routes.MapGet("/yun/v1/volumes/{name}/archive", SaveAsync);
        routes.MapPut("/yun/v1/volumes/{name}/archive", LoadAsync);
    }

    internal static Volume Show(VolumeStore volumes, NodeVolume volume, bool withUsage = false) => new()
    {
        Name = volume.Name, CreatedAt = volume.CreatedAt, Driver = VolumeStore.Driver, Labels = volume.Labels, Options = volume.Options, Mountpoint = volumes.Mountpoint(volume.Name),
        UsageData = withUsage ? new VolumeUsage { RefCount = volumes.UsersOf(volume.Name).Count, Size = volumes.SizeBytes(volume.Name) } : null,
    };

    private static JsonHttpResult<VolumeListResponse> List(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("dangling", "driver", "label", "label!", "name");
        var found = engine.Volumes.List().Where(volume => Matches(engine.Volumes, volume, filters));
        return TypedResults.Json(new VolumeListResponse { Volumes = [.. found.Select(volume => Show(engine.Volumes, volume))] }, DockerApiJson.Default.VolumeListResponse);
    }

    private static async Task<JsonHttpResult<Volume>> CreateAsync(HttpContext context, Engine engine)
    {
        var asked = await context.ReadBodyAsync(DockerApiJson.Default.VolumeCreateRequest);
        var volume = await engine.Volumes.CreateAsync(asked.Name, asked.Driver, asked.DriverOpts, asked.Labels, cancel: context.RequestAborted);
        return TypedResults.Json(Show(engine.Volumes, volume), DockerApiJson.Default.Volume, statusCode: StatusCodes.Status201Created);
    }

    private static NoContent UpdateAsync(string name, Engine engine)
    {
        engine.Volumes.Find(name);
        throw new EngineException(ErrorKind.Unavailable, "This node is not a swarm manager: only cluster volumes can be updated.");
    }

    private static async Task<NoContent> RemoveAsync(string name, HttpContext context, Engine engine)
    {
        await engine.Volumes.RemoveAsync(name, context.Flag("force"), context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<VolumePruneResponse>> PruneAsync(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("all", "label", "label!");
        // Since API 1.42 a volume that somebody named is left alone unless all are asked for.
        var all = context.ApiVersion() < new ApiVersion(1, 42) || (filters.TryGetValue("all", out var values) && values.Any(value => value is "1" or "true"));
        var (names, bytes) = await engine.Volumes.PruneAsync(volume => (all || volume.IsAnonymous) && filters.MatchesLabels(volume.Labels), context.RequestAborted);
        return TypedResults.Json(new VolumePruneResponse { VolumesDeleted = names.Count > 0 ? [.. names] : null, SpaceReclaimed = (ulong)bytes }, DockerApiJson.Default.VolumePruneResponse);
    }

    private static Task SaveAsync(string name, HttpContext context, Engine engine) => engine.Volumes.SaveAsync(name, async tar =>
    {
        await context.StartStreamAsync("application/x-tar");
        await tar.CopyToAsync(context.Response.Body, context.RequestAborted);
    }, context.RequestAborted);

    private static async Task<JsonHttpResult<Volume>> LoadAsync(string name, HttpContext context, Engine engine)
    {
        await engine.Volumes.LoadAsync(name, context.Request.Body, context.RequestAborted);
        return TypedResults.Json(Show(engine.Volumes, engine.Volumes.Find(name)), DockerApiJson.Default.Volume, statusCode: StatusCodes.Status201Created);
    }

    private static bool Matches(VolumeStore volumes, NodeVolume volume, Dictionary<string, IReadOnlyList<string>> filters) =>
        filters.MatchesAny("driver", driver => driver == VolumeStore.Driver)
        && filters.MatchesAny("name", name => volume.Name.Contains(name, StringComparison.Ordinal))
        && filters.MatchesAny("dangling", dangling => (dangling is "1" or "true") == (volumes.UsersOf(volume.Name).Count == 0))
        && filters.MatchesLabels(volume.Labels);
}

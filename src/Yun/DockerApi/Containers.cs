using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.DockerApi;

public static class ContainersRoutes
{
    public static void MapContainers(this IEndpointRouteBuilder routes)
    {
        var containers = routes.MapGroup("/containers");
        containers.MapPost("/create", CreateAsync);
        containers.MapGet("/json", (HttpContext context, Engine engine) => TypedResults.Json(ContainerList.Select(engine, context), DockerApiJson.Default.ListContainerSummary));
        containers.MapPost("/prune", PruneAsync);
        containers.MapGet("/{name}/json", Inspect);
        containers.MapPost("/{name}/start", StartAsync);
        containers.MapPost("/{name}/stop", StopAsync);
        containers.MapPost("/{name}/restart", RestartAsync);
        containers.MapPost("/{name}/kill", KillAsync);
        containers.MapPost("/{name}/wait", WaitAsync);
        containers.MapPost("/{name}/pause", PauseAsync);
        containers.MapPost("/{name}/unpause", UnpauseAsync);
        containers.MapPost("/{name}/rename", RenameAsync);
        containers.MapPost("/{name}/update", UpdateAsync);
        containers.MapDelete("/{name}", RemoveAsync);
        containers.MapDelete("/{owner}/{alias}", RemoveLinkAsync);
    }

    private static async Task<JsonHttpResult<ContainerCreateResponse>> CreateAsync(HttpContext context, Engine engine)
    {
        var body = await context.ReadBodyAsync(DockerApiJson.Default.ContainerCreateRequest);
        OlderClients.Adjust(body, context.ApiVersion());
        var request = new ContainerRequest(context.Text("name"), body, body.HostConfig ?? new HostConfig(), body.NetworkingConfig, context.Platform(), KeepsOwnersInside: false);
        var created = await engine.Containers.CreateAsync(request, context.RequestAborted);
        return TypedResults.Json(new ContainerCreateResponse { Id = created.Container.Id, Warnings = [.. created.Warnings] }, DockerApiJson.Default.ContainerCreateResponse, statusCode: StatusCodes.Status201Created);
    }

    private static JsonHttpResult<ContainerInspect> Inspect(string name, HttpContext context, Engine engine) =>
        TypedResults.Json(ContainerInspection.Of(engine.Containers.Find(name), context.Flag("size")), DockerApiJson.Default.ContainerInspect);

    // What has begun to start or stop is brought to its end even when the client goes away meanwhile, as Docker does: half of it is no state to leave.
    private static async Task<StatusCodeHttpResult> StartAsync(string name, Engine engine) =>
        TypedResults.StatusCode(await engine.Containers.Find(name).StartAsync() ? StatusCodes.Status204NoContent : StatusCodes.Status304NotModified);

    private static async Task<StatusCodeHttpResult> StopAsync(string name, HttpContext context, Engine engine) =>
        TypedResults.StatusCode(await engine.Containers.Find(name).StopAsync(context.Text("signal"), context.Number("t")) ? StatusCodes.Status204NoContent : StatusCodes.Status304NotModified);

    private static async Task<NoContent> RestartAsync(string name, HttpContext context, Engine engine)
    {
        await engine.Containers.Find(name).RestartAsync(context.Text("signal"), context.Number("t"));
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> KillAsync(string name, HttpContext context, Engine engine)
    {
        await engine.Containers.Find(name).KillAsync(context.Text("signal"));
        return TypedResults.NoContent();
    }

    private static Task WaitAsync(string name, HttpContext context, Engine engine) => context.AnswerWaitAsync(engine.Containers.Find(name).WaitAsync);

    private static async Task<NoContent> PauseAsync(string name, Engine engine)
    {
        await engine.Containers.Find(name).PauseAsync();
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> UnpauseAsync(string name, Engine engine)
    {
        await engine.Containers.Find(name).UnpauseAsync();
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> RenameAsync(string name, HttpContext context, Engine engine)
    {
        await engine.Containers.Find(name).RenameAsync(context.Text("name") ?? "");
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<ContainerUpdateResponse>> UpdateAsync(string name, HttpContext context, Engine engine)
    {
        var change = await context.ReadBodyAsync(DockerApiJson.Default.HostConfig);
        if (context.ApiVersion() < new ApiVersion(1, 40)) change.PidsLimit = null;
        await engine.Containers.Find(name).UpdateAsync(change);
        return TypedResults.Json(new ContainerUpdateResponse { Warnings = [] }, DockerApiJson.Default.ContainerUpdateResponse);
    }

    private static async Task<NoContent> RemoveAsync(string name, HttpContext context, Engine engine)
    {
        if (context.Flag("link")) throw new EngineException(ErrorKind.Conflict, "Conflict, cannot remove the default link name of the container");
        await engine.Containers.Find(name).RemoveAsync(context.Flag("force"), context.Flag("v"));
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> RemoveLinkAsync(string owner, string alias, HttpContext context, Engine engine)
    {
        if (!context.Flag("link")) throw new EngineException(ErrorKind.NotFound, $"No such container: {owner}/{alias}");
        await engine.Containers.Find(owner).RemoveLinkAsync(alias);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<ContainerPruneResponse>> PruneAsync(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("label", "label!", "until");
        var until = PruneUntil.Of(filters, engine.Time.GetUtcNow());
        var (ids, bytes) = await engine.Containers.PruneAsync(c => filters.MatchesLabels(c.Config.Labels) && (until is null || c.Record.Created < until), context.RequestAborted);
        return TypedResults.Json(new ContainerPruneResponse { ContainersDeleted = ids.Count > 0 ? [.. ids] : null, SpaceReclaimed = (ulong)bytes }, DockerApiJson.Default.ContainerPruneResponse);
    }
}

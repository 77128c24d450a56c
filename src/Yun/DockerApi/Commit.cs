using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.DockerApi;

public static class CommitRoutes
{
    public static void MapCommit(this IEndpointRouteBuilder routes) => routes.MapPost("/commit", CommitAsync);

    private static async Task<JsonHttpResult<IdResponse>> CommitAsync(HttpContext context, Engine engine)
    {
        var container = engine.Containers.Find(context.Text("container") ?? throw new EngineException(ErrorKind.InvalidArgument, "bad parameter: the container is missing"));
        var name = context.Text("repo") is { } repository ? ImagesRoutes.Reference(repository, context.Text("tag")).WithDefaultTag() : null;
        var config = await context.TryReadBodyAsync(DockerApiJson.Default.ContainerConfig);
        var changes = context.Request.Query["changes"].OfType<string>().SelectMany(change => change.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var image = await container.CommitAsync(
            new CommitRequest(name, context.Text("comment"), context.Text("author"), context.Flag("pause", whenAbsent: true), config, [.. changes]), context.RequestAborted);
        return TypedResults.Json(new IdResponse { Id = image.Id.ToString() }, DockerApiJson.Default.IdResponse, statusCode: StatusCodes.Status201Created);
    }
}

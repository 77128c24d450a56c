using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;

namespace Yun.DockerApi;

public static class TopRoutes
{
    public static void MapTop(this IEndpointRouteBuilder routes) => routes.MapGet("/containers/{name}/top", Top);

    private static JsonHttpResult<ContainerTopResponse> Top(string name, HttpContext context, Engine engine)
    {
        var table = engine.Containers.Find(name).Top(context.Text("ps_args"));
        return TypedResults.Json(new ContainerTopResponse { Titles = [.. table.Titles], Processes = [.. table.Rows.Select(row => row.ToList())] }, DockerApiJson.Default.ContainerTopResponse);
    }
}

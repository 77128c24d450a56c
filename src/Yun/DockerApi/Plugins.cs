using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>There are no plugins: lists are empty, a name is not found, and installing one is refused.</summary>
public static class PluginsRoutes
{
    public static void MapPlugins(this IEndpointRouteBuilder routes)
    {
        var plugins = routes.MapGroup("/plugins");
        plugins.MapGet("", List);
        foreach (var path in new[] { "/pull", "/create" }) plugins.MapPost(path, Refuse);
        plugins.MapGet("/privileges", Refuse);
        // A plugin's name holds slashes.
        plugins.MapMethods("/{**path}", ["GET", "POST", "DELETE"], NotFound);
    }

    private static JsonHttpResult<List<string>> List(HttpContext context)
    {
        context.Filters().AllowFilters("capability", "enabled");
        return TypedResults.Json([], DockerApiJson.Default.ListString);
    }

    private static Task Refuse(HttpContext context) => throw new EngineException(ErrorKind.NotImplemented, "This engine takes no plugins.");

    private static Task NotFound(string path, HttpContext context)
    {
        // What is asked of a plugin follows its name's last slash.
        var verb = path.LastIndexOf('/');
        var name = verb > 0 && path[(verb + 1)..] is "json" or "enable" or "disable" or "upgrade" or "push" or "set" ? path[..verb] : path;
        throw new EngineException(ErrorKind.NotFound, $"plugin \"{Uri.UnescapeDataString(name)}\" not found");
    }
}

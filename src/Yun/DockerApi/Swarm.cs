using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>What belongs to a swarm, answered as a Docker answers that is in none.</summary>
public static class SwarmRoutes
{
    internal const string NotManager = "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.";
    private static readonly string[] s_methods = ["GET", "POST", "DELETE", "PUT", "HEAD"];

    public static void MapSwarm(this IEndpointRouteBuilder routes)
    {
        foreach (var kind in new[] { "nodes", "services", "tasks", "secrets", "configs" })
        {
            routes.MapMethods($"/{kind}", ["GET"], Refuse);
            routes.MapMethods($"/{kind}/{{**path}}", s_methods, Refuse);
        }
        foreach (var path in new[] { "", "/unlockkey" }) routes.MapGet($"/swarm{path}", Refuse);
        foreach (var path in new[] { "update", "unlock" }) routes.MapPost($"/swarm/{path}", Refuse);
        routes.MapPost("/swarm/leave", context => throw new EngineException(ErrorKind.Unavailable, "This node is not part of a swarm"));
        foreach (var path in new[] { "init", "join" })
            routes.MapPost($"/swarm/{path}", context => throw new EngineException(ErrorKind.NotImplemented, "This engine has no swarm mode: it cannot make or join a swarm."));
    }

    private static Task Refuse(HttpContext context) => throw new EngineException(ErrorKind.Unavailable, NotManager);
}

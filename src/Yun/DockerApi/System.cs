using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Events;

namespace Yun.DockerApi;

public static class SystemRoutes
{
    public static void MapSystem(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/_ping", ["GET", "HEAD"], Ping);
        routes.MapGet("/version", (Engine engine) => TypedResults.Json(MachineInfo.Version(), DockerApiJson.Default.VersionResponse));
        routes.MapGet("/info", (Engine engine) => TypedResults.Json(MachineInfo.Info(engine), DockerApiJson.Default.InfoResponse));
        routes.MapGet("/events", EventsAsync);
    }

    private static ContentHttpResult Ping(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers["Builder-Version"] = "2";
        headers["Swarm"] = "inactive";
        headers.CacheControl = "no-cache, no-store, must-revalidate";
        headers.Pragma = "no-cache";
        return TypedResults.Text(HttpMethods.IsHead(context.Request.Method) ? "" : "OK");
    }

    private static async Task EventsAsync(HttpContext context, Engine engine)
    {
        var events = engine.Events.ReadAsync(context.Time("since"), context.Time("until"), EventFilter.Parse(context.Filters()), context.RequestAborted);
        await context.StartStreamAsync("application/json");
        await foreach (var happened in events) await context.WriteLineAsync(Message(happened), DockerApiJson.Default.EventMessage);
    }

    private static EventMessage Message(EngineEvent e)
    {
        var nanoseconds = (e.At - DateTimeOffset.UnixEpoch).Ticks * 100;
        // The three in lower case are how it was before API 1.22; clients up to 1.51 may still read them.
        var old = e.Type is "container" or "image";
        return new EventMessage
        {
            Status = old ? e.Action : null,
            Id = old ? e.ActorId : null,
            From = e.Type == "container" ? e.Attributes.GetValueOrDefault("image") : null,
            Type = e.Type,
            Action = e.Action,
            Actor = new EventActor { Id = e.ActorId, Attributes = new Dictionary<string, string>(e.Attributes) },
            Time = nanoseconds / 1_000_000_000,
            TimeNano = nanoseconds,
        };
    }
}

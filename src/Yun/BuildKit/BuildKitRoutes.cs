using Yun.DockerApi.Streams;

namespace Yun.BuildKit;

/// <summary>The two routes by which a client of BuildKit takes a connection over: one to ask on, one to be asked on.</summary>
internal static class BuildKitRoutes
{
    public static void MapBuildKit(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/grpc", GrpcAsync);
        routes.MapPost("/session", SessionAsync);
    }

    private static async Task GrpcAsync(HttpContext context, BuildKitServer server)
    {
        using var connection = await HijackedConnection.TakeHttp2Async(context);
        await server.ServeAsync(connection);
    }

    private static async Task SessionAsync(HttpContext context, BuildKitServer server)
    {
        var offer = SessionOffer.Of(context.Request.Headers);
        using var connection = await HijackedConnection.TakeHttp2Async(context);
        await server.Sessions.KeepAsync(offer, connection);
    }
}

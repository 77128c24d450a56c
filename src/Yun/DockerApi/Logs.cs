using System.Globalization;
using Yun.DockerApi.Streams;
using Yun.Node;
using Yun.Node.Logs;
using Yun.Protocol;

namespace Yun.DockerApi;

public static class LogsRoutes
{
    public static void MapLogs(this IEndpointRouteBuilder routes) => routes.MapGet("/containers/{name}/logs", LogsAsync);

    private static async Task LogsAsync(string name, HttpContext context, Engine engine)
    {
        var container = engine.Containers.Find(name);
        var (stdout, stderr, details) = (context.Flag("stdout"), context.Flag("stderr"), context.Flag("details"));
        if (!stdout && !stderr) throw new EngineException(ErrorKind.InvalidArgument, "Bad parameters: you must choose at least one stream");
        // Anything but a number is all, as with dockerd.
        int? tail = int.TryParse(context.Text("tail"), NumberStyles.None, CultureInfo.InvariantCulture, out var lines) ? lines : null;
        var log = container.ReadLog(new LogQuery(stdout, stderr, Time(context, "since"), Time(context, "until"), tail, context.Flag("follow"), details));
        await context.StartStreamAsync(container.Config.Tty || context.ApiVersion() < new ApiVersion(1, 42) ? HijackedConnection.Raw : HijackedConnection.Multiplexed);
        await LogStream.WriteAsync(log, new LogText(!container.Config.Tty, context.Flag("timestamps"), details), context.Response.BodyWriter, context.RequestAborted);
    }

    internal static LogTime? Time(HttpContext context, string name) => context.Text(name) is not { } text || text == "0" ? null
        : LogTime.TryParseSeconds(text) ?? (context.Time(name) is { } time ? LogTime.From(time) : null);
}

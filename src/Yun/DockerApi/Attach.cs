using Yun.DockerApi.Streams;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Node.Logs;
using Yun.Protocol;

namespace Yun.DockerApi;

public static class AttachRoutes
{
    private static readonly TimeSpan s_headTime = TimeSpan.FromMilliseconds(10);

    public static void MapAttach(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/containers/{name}/attach", AttachAsync);
        routes.MapPost("/containers/{name}/resize", ResizeAsync);
    }

    private static async Task AttachAsync(string name, HttpContext context, Engine engine)
    {
        var container = engine.Containers.Find(name);
        var (stdin, stdout, stderr) = (context.Flag("stdin"), context.Flag("stdout"), context.Flag("stderr"));
        var (logs, stream) = (context.Flag("logs"), context.Flag("stream"));
        var detachKeys = context.Text("detachKeys") is var text && container.Config.Tty ? DetachKeys.Parse(text) : null;
        // The streams are joined before the past is read, so that nothing falls between the two.
        await using var process = stream ? await container.AttachAsync(stdin, stdout, stderr, context.RequestAborted) : null;
        using var client = await HijackedConnection.TakeAsync(context, container.Config.Tty);
        try
        {
            // The Python client loses what comes in one piece with the answer's head, which a process's own output never does.
            if (logs && !stream) await Task.Delay(s_headTime, client.Ended);
            if (logs) await LogStream.WriteAsync(container.ReadLog(new LogQuery(stdout, stderr)), new LogText(!container.Config.Tty, false, false), client.Output, client.Ended);
            if (process is not null && await StreamCopy.RunAsync(client, process, stdin ? detachKeys : null) == StreamEnd.Detached) container.Publish("detach");
        }
        catch (OperationCanceledException) { /* The client is gone; what it was attached to goes on. */ }
    }

    private static async Task ResizeAsync(string name, HttpContext context, Engine engine) =>
        await engine.Containers.Find(name).ResizeAsync(TerminalSize(context, "h"), TerminalSize(context, "w"), context.RequestAborted);

    internal static int TerminalSize(HttpContext context, string name) => context.Number(name) is >= 0 and <= ushort.MaxValue and var number ? number
        : throw new EngineException(ErrorKind.InvalidArgument, $"invalid resize {(name == "h" ? "height" : "width")}: '{context.Text(name)}' is not a number of 0 to {ushort.MaxValue}");
}

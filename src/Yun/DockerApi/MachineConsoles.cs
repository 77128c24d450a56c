using System.Globalization;
using Yun.DockerApi.Streams;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Node.Logs;

namespace Yun.DockerApi;

/// <summary>The serial lines of virtual machines, as they are and what they have said, and their screens.</summary>
public static class MachineConsolesRoutes
{
    public static void MapMachineConsoles(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/yun/v1/machines/{name}/console", ConsoleAsync);
        routes.MapGet("/yun/v1/machines/{name}/logs", LogsAsync);
        routes.MapPost("/yun/v1/machines/{name}/screen", ScreenAsync);
    }

    private static async Task ScreenAsync(string name, HttpContext context, Engine engine)
    {
        await using var screen = await engine.Machines.Find(name).OpenScreenAsync(context.RequestAborted);
        using var client = await HijackedConnection.TakeAsync(context, tty: true);
        try { await Task.WhenAny(client.Input.CopyToAsync(screen, client.Ended), screen.CopyToAsync(client.Output.AsStream(), client.Ended)); }
        catch (Exception gone) when (gone is IOException or OperationCanceledException) { /* One of the two is gone. */ }
    }

    private static async Task ConsoleAsync(string name, HttpContext context, Engine engine)
    {
        var machine = engine.Machines.Find(name);
        var (input, logs) = (context.Flag("stdin", whenAbsent: true), context.Flag("logs"));
        var keys = DetachKeys.Parse(context.Text("detachKeys"));
        // Joined before the past is read, so that nothing falls between the two.
        await using var line = await machine.AttachAsync(input, context.RequestAborted);
        using var client = await HijackedConnection.TakeAsync(context, tty: true);
        try
        {
            if (logs) await LogStream.WriteAsync(machine.ReadLog(new LogQuery()), new LogText(false, false, false), client.Output, client.Ended);
            await StreamCopy.RunAsync(client, line, input ? keys : null);
        }
        catch (OperationCanceledException) { /* The client is gone; the machine goes on. */ }
    }

    private static async Task LogsAsync(string name, HttpContext context, Engine engine)
    {
        int? tail = int.TryParse(context.Text("tail"), NumberStyles.None, CultureInfo.InvariantCulture, out var lines) ? lines : null;
        var log = engine.Machines.Find(name).ReadLog(new LogQuery(Since: LogsRoutes.Time(context, "since"), Until: LogsRoutes.Time(context, "until"), Tail: tail, Follow: context.Flag("follow")));
        await context.StartStreamAsync(HijackedConnection.Raw);
        await LogStream.WriteAsync(log, new LogText(false, context.Flag("timestamps"), false), context.Response.BodyWriter, context.RequestAborted);
    }
}

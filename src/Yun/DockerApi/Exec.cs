using System.Buffers.Binary;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.DockerApi.Streams;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Node.Containers.Spec;
using Yun.Protocol;

namespace Yun.DockerApi;

public static class ExecRoutes
{
    public static void MapExec(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/containers/{name}/exec", CreateAsync);
        routes.MapPost("/exec/{id}/start", StartAsync);
        routes.MapPost("/exec/{id}/resize", ResizeAsync);
        routes.MapGet("/exec/{id}/json", Inspect);
    }

    private static async Task<JsonHttpResult<IdResponse>> CreateAsync(string name, HttpContext context, Engine engine)
    {
        var asked = await context.ReadBodyAsync(DockerApiJson.Default.ExecCreateRequest);
        var settings = new ExecSettings(asked.Cmd ?? [])
        {
            User = asked.User, Env = asked.Env, WorkingDir = asked.WorkingDir, Tty = asked.Tty, ConsoleSize = asked.ConsoleSize, Privileged = asked.Privileged,
        };
        var exec = engine.Execs.Create(engine.Containers.Find(name), settings, new ExecStreams(asked.AttachStdin, asked.AttachStdout, asked.AttachStderr, asked.DetachKeys));
        return TypedResults.Json(new IdResponse { Id = exec.Id }, DockerApiJson.Default.IdResponse, statusCode: StatusCodes.Status201Created);
    }

    private static async Task StartAsync(string id, HttpContext context, Engine engine)
    {
        var asked = await context.TryReadBodyAsync(DockerApiJson.Default.ExecStartRequest) ?? new ExecStartRequest();
        var exec = engine.Execs.Find(id);
        exec.Claim(asked.Tty, asked.ConsoleSize);
        if (asked.Detach) await exec.StartAsync(attach: false, context.RequestAborted);
        else await RunAsync(exec, context);
    }

    private static async Task RunAsync(Exec exec, HttpContext context)
    {
        var tty = exec.Settings.Tty;
        using var client = await HijackedConnection.TakeAsync(context, tty);
        try
        {
            await using var process = await exec.StartAsync(attach: true, client.Ended);
            var end = await StreamCopy.RunAsync(client, process!, tty && exec.Streams.Stdin ? DetachKeys.Parse(exec.Streams.DetachKeys) : null);
            if (end == StreamEnd.Detached) exec.Container.Publish("exec_detach", ("execID", exec.Id));
            // Clients ask for the exit code as soon as the stream has ended.
            if (end == StreamEnd.ProcessEnded) await exec.Ended.WaitAsync(client.Ended);
        }
        catch (OperationCanceledException) { /* The client is gone; the process goes on without it. */ }
        catch (EngineException error)
        {
            // The answer's head is out: like dockerd, say it where the output would have come.
            await client.Output.WriteAsync(Said(error.Message + "\r\n", framed: !tty), client.Ended);
        }
    }

    private static byte[] Said(string text, bool framed)
    {
        var words = Encoding.UTF8.GetBytes(text);
        if (!framed) return words;
        byte[] frame = [1, 0, 0, 0, 0, 0, 0, 0, .. words];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), words.Length);
        return frame;
    }

    private static async Task ResizeAsync(string id, HttpContext context, Engine engine) =>
        await engine.Execs.Find(id).ResizeAsync(AttachRoutes.TerminalSize(context, "h"), AttachRoutes.TerminalSize(context, "w"), context.RequestAborted);

    private static JsonHttpResult<ExecInspect> Inspect(string id, Engine engine)
    {
        var exec = engine.Execs.Find(id);
        return TypedResults.Json(new ExecInspect
        {
            Id = exec.Id,
            Running = exec.IsRunning,
            ExitCode = exec.ExitCode,
            Pid = exec.Pid,
            ContainerId = exec.Container.Id,
            OpenStdin = exec.Streams.Stdin,
            OpenStdout = exec.Streams.Stdout,
            OpenStderr = exec.Streams.Stderr,
            CanRemove = exec.EndedAt is not null,
            DetachKeys = exec.Streams.DetachKeys ?? "",
            ProcessConfig = new ExecProcess
            {
                Tty = exec.Settings.Tty,
                Entrypoint = exec.Settings.Command[0],
                Arguments = [.. exec.Settings.Command.Skip(1)],
                Privileged = exec.Settings.Privileged,
                User = exec.Settings.User,
            },
        }, DockerApiJson.Default.ExecInspect);
    }
}

using Yun.DockerApi.Model;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>The answer to <c>wait</c>, for whatever ends with an exit code.</summary>
internal static class Waits
{
    /// <summary>The head goes out at once, when the wait stands: docker run starts the container only after it has come.</summary>
    public static async Task AnswerWaitAsync(this HttpContext context, Func<WaitCondition, CancellationToken, Task<WaitResult>> wait)
    {
        var condition = context.Text("condition") switch
        {
            null or "not-running" => WaitCondition.NotRunning,
            "next-exit" => WaitCondition.NextExit,
            "removed" => WaitCondition.Removed,
            var other => throw new EngineException(ErrorKind.InvalidArgument, $"invalid condition: \"{other}\""),
        };
        var ending = wait(condition, context.RequestAborted);
        await context.StartStreamAsync("application/json");
        var result = await ending;
        await context.WriteLineAsync(
            new ContainerWaitResponse { StatusCode = result.ExitCode, Error = result.Error is null ? null : new ContainerWaitError { Message = result.Error } }, DockerApiJson.Default.ContainerWaitResponse);
    }
}

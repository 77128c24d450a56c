using System.Text.Json;
using Yun.DockerApi.Model;
using Yun.Linux;
using Yun.Node;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>The one place where a failure becomes a status and a <c>{"message"}</c>.</summary>
internal sealed class ApiErrors(RequestDelegate next, Engine engine)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && IsUnmatched(context)) await WriteAsync(context, StatusCodes.Status404NotFound, "page not found");
        }
        // Who asked is gone, and has no use for an answer.
        catch (Exception) when (context.RequestAborted.IsCancellationRequested) { }
        catch (Exception error)
        {
            var status = StatusOf(error);
            if (status == StatusCodes.Status500InternalServerError) engine.Log.Error($"{context.Request.Method} {context.Request.Path}: {(error is EngineException or SyscallException or IOException ? error.Message : error)}");
            // The headers are out: the only way left to say that this is not the whole answer is to break it off.
            if (context.Response.HasStarted) context.Abort();
            else await WriteAsync(context, status, error.Message);
        }
    }

    public static int StatusOf(Exception error) => error switch
    {
        EngineException { Kind: ErrorKind.InvalidArgument } => StatusCodes.Status400BadRequest,
        EngineException { Kind: ErrorKind.Unauthorized } => StatusCodes.Status401Unauthorized,
        EngineException { Kind: ErrorKind.Forbidden } => StatusCodes.Status403Forbidden,
        EngineException { Kind: ErrorKind.NotFound } => StatusCodes.Status404NotFound,
        EngineException { Kind: ErrorKind.Conflict } => StatusCodes.Status409Conflict,
        EngineException { Kind: ErrorKind.NotImplemented } => StatusCodes.Status501NotImplemented,
        EngineException { Kind: ErrorKind.Unavailable } => StatusCodes.Status503ServiceUnavailable,
        BadHttpRequestException bad => bad.StatusCode,
        JsonException => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static bool IsUnmatched(HttpContext context) => context.GetEndpoint() is null or { DisplayName: "405 HTTP Method Not Supported" };

    private static Task WriteAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        // Docker's client reads the message only under this very type, without a charset.
        return context.Response.WriteAsJsonAsync(new ErrorResponse { Message = message }, DockerApiJson.Default.ErrorResponse, "application/json");
    }
}

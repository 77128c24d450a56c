using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Hosting;
using Yun.Protocol;

namespace Yun.DockerApi.Streams;

/// <summary>
/// A connection whose HTTP exchange is over and which carries raw bytes both ways: Docker's attach and exec, and BuildKit's. A client that asks for the
/// upgrade gets 101; one of the old style gets 200 and means the same.
/// </summary>
internal sealed class HijackedConnection : IDisposable
{
    public const string Raw = "application/vnd.docker.raw-stream";
    public const string Multiplexed = "application/vnd.docker.multiplexed-stream";

    private readonly CancellationTokenSource _ended;

    private HijackedConnection(PipeReader input, PipeWriter output, CancellationTokenSource ended) => (Input, Output, _ended) = (input, output, ended);

    /// <summary>What the client sends; it ends when the client shuts down its sending direction.</summary>
    public PipeReader Input { get; }
    public PipeWriter Output { get; }

    /// <summary>The client is gone, or the daemon stops.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>For attach and exec. Sends the head of the answer; read the request's body before.</summary>
    public static Task<HijackedConnection> TakeAsync(HttpContext context, bool tty)
    {
        if (context.Request.Headers.Upgrade.Count > 0)
        {
            SwitchTo(context, "tcp");
            // Before 1.42 clients were told the same for both.
            context.Response.ContentType = tty || context.ApiVersion() < new ApiVersion(1, 42) ? Raw : Multiplexed;
        }
        else
        {
            // Without it the server would send chunks, of which a client of the old style knows nothing.
            context.Response.Headers.TransferEncoding = "identity";
            context.Response.ContentType = Raw;
        }
        return StartAsync(context);
    }

    /// <summary>For a connection that speaks HTTP/2 from now on.</summary>
    /// <exception cref="EngineException">The client did not ask for that.</exception>
    public static Task<HijackedConnection> TakeHttp2Async(HttpContext context)
    {
        const string protocol = "h2c";
        if (context.Request.Headers.Upgrade != protocol) throw new EngineException(ErrorKind.InvalidArgument, $"{context.Request.Path} is for clients that ask for an upgrade to {protocol}.");
        SwitchTo(context, protocol);
        return StartAsync(context);
    }

    private static void SwitchTo(HttpContext context, string protocol)
    {
        context.Response.StatusCode = StatusCodes.Status101SwitchingProtocols;
        context.Features.GetRequired<Microsoft.AspNetCore.Http.Features.IHttpResponseFeature>().ReasonPhrase = "UPGRADED";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.Upgrade = protocol;
    }

    private static async Task<HijackedConnection> StartAsync(HttpContext context)
    {
        var response = context.Response;
        var halfClose = context.Features.Get<HalfClose>();
        halfClose?.TakeOver();
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var ended = CancellationTokenSource.CreateLinkedTokenSource(halfClose?.Closed ?? context.RequestAborted, stopping);
        await response.StartAsync(ended.Token);
        await response.BodyWriter.FlushAsync(ended.Token);
        var transport = context.Features.GetRequired<IConnectionTransportFeature>().Transport;
        return new HijackedConnection(transport.Input, response.BodyWriter, ended);
    }

    public void Dispose() => _ended.Dispose();
}

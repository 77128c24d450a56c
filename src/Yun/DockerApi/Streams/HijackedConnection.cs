using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Hosting;

namespace Yun.DockerApi.Streams;

/// <summary>
/// A connection whose HTTP exchange is over and which carries raw bytes both ways: Docker's attach and exec. A client that asks for the upgrade gets 101;
/// one of the old style gets 200 and means the same.
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

    /// <summary>Sends the head of the answer. Read the request's body before.</summary>
    public static async Task<HijackedConnection> TakeAsync(HttpContext context, bool tty)
    {
        var response = context.Response;
        if (context.Request.Headers.Upgrade.Count > 0)
        {
            response.StatusCode = StatusCodes.Status101SwitchingProtocols;
            context.Features.GetRequired<Microsoft.AspNetCore.Http.Features.IHttpResponseFeature>().ReasonPhrase = "UPGRADED";
            response.Headers.Connection = "Upgrade";
            response.Headers.Upgrade = "tcp";
            // Before 1.42 clients were told the same for both.
            response.ContentType = tty || context.ApiVersion() < new ApiVersion(1, 42) ? Raw : Multiplexed;
        }
        else
        {
            // Without it the server would send chunks, of which a client of the old style knows nothing.
            response.Headers.TransferEncoding = "identity";
            response.ContentType = Raw;
        }
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

using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yun.DockerApi;
using Yun.Node;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary><c>--metrics-addr</c>: the metrics and nothing else, for a collector that shall not have root's rights.</summary>
internal sealed class MetricsHost : IAsyncDisposable
{
    private readonly WebApplication _web;

    private MetricsHost(WebApplication web) => _web = web;

    internal static async Task<MetricsHost> StartAsync(IPEndPoint at, Engine engine, ApiMetrics metrics, EngineLog log, CancellationToken cancel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(at, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var host = new MetricsHost(builder.Build());
        host._web.Run(context =>
        {
            if (context.Request.Path == "/metrics" && HttpMethods.IsGet(context.Request.Method)) return metrics.WriteAsync(context, engine);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        try { await host._web.StartAsync(cancel); }
        catch (IOException busy)
        {
            await host.DisposeAsync();
            throw new EngineException(ErrorKind.Conflict, $"Cannot listen on {at}: {busy.GetBaseException().Message}.", busy);
        }
        log.Info($"Metrics listen on http://{at}/metrics");
        return host;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}

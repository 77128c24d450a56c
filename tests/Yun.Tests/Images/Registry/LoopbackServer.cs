using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Yun.Tests.Images.Registry;

/// <summary>A web server of one handler, on a free port of loopback.</summary>
public sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication _web;

    private LoopbackServer(WebApplication web, int port) => (_web, Port) = (web, port);

    public int Port { get; }
    public string Address => $"127.0.0.1:{Port}";

    public static async Task<LoopbackServer> StartAsync(RequestDelegate handle)
    {
        var port = LoopbackPort.Free();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(port);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinResponseDataRate = null;
        });
        var web = builder.Build();
        web.Run(handle);
        await web.StartAsync();
        return new LoopbackServer(web, port);
    }

    public async ValueTask DisposeAsync()
    {
        // Handlers that hang on purpose end with their connections.
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _web.StopAsync(now.Token);
        await _web.DisposeAsync();
    }
}

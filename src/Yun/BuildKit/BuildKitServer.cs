using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yun.DockerApi.Streams;
using Yun.Node;

namespace Yun.BuildKit;

/// <summary>Speaks BuildKit's interface for clients (gRPC) on connections of the Engine API. Nothing of it runs before the first such connection.</summary>
internal sealed class BuildKitServer : IAsyncDisposable
{
    private readonly Engine _engine;
    private readonly HandedConnections _connections = new();
    private readonly SemaphoreSlim _gate = new(1, 1);
    private WebApplication? _web;

    public BuildKitServer(Engine engine)
    {
        _engine = engine;
        Solver = new BuildSolver(engine, Sessions);
        Export = new ResultExport(engine, Sessions);
    }

    /// <summary>What clients offer while they are connected.</summary>
    public BuildSessions Sessions { get; } = new();
    public BuildJobs Jobs { get; } = new();
    public BuildSolver Solver { get; }
    public ResultExport Export { get; }

    /// <summary>Serves the connection until it ends.</summary>
    public async Task ServeAsync(HijackedConnection connection)
    {
        await StartAsync(connection.Ended);
        await _connections.ServeAsync(connection);
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null) await _web.DisposeAsync();
        await Sessions.DisposeAsync();
        _gate.Dispose();
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (_web is not null) return;
            var web = Build();
            await web.StartAsync(cancel);
            _web = web;
        }
        finally { _gate.Release(); }
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(_connections.EndPoint, listen => listen.Protocols = HttpProtocols.Http2);
            // A build says nothing for as long as its commands do.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            // An infinite one is added to the time of day, becomes negative, and ends connections that are new or idle at the next look.
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromDays(1);
        });
        builder.Services.AddSingleton<Microsoft.AspNetCore.Connections.IConnectionListenerFactory>(_connections);
        builder.Services.AddSingleton(_engine);
        builder.Services.AddSingleton(Jobs);
        builder.Services.AddSingleton(Solver);
        builder.Services.AddSingleton(Export);
        builder.Services.AddGrpc();
        var web = builder.Build();
        web.MapGrpcService<ControlService>();
        web.MapGrpcService<BridgeService>();
        return web;
    }
}

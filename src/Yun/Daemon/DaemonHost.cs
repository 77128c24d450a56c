using System.Runtime;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yun.BuildKit;
using Yun.Daemon.Traces;
using Yun.DockerApi;
using Yun.DockerApi.Model;
using Yun.DockerApi.Streams;
using Yun.Images.Trust;
using Yun.Node;
using Yun.Protocol;
using Yun.RegistryApi;

namespace Yun.Daemon;

/// <summary>The process behind the API: opens the engine, serves it on its sockets, and on a signal stops serving. The containers run on.</summary>
public static class DaemonHost
{
    // What a layer upload needs; the kernel's socket buffers bound what is in memory.
    private const long BodyMax = long.MaxValue;
    private static readonly TimeSpan s_shutdownMax = TimeSpan.FromSeconds(5);

    internal static async Task<int> RunAsync(DaemonOptions options, Reload reload, CancellationToken cancel = default)
    {
        var daemonLog = new DaemonLog(options.Threshold, options.LogsJson);
        var log = daemonLog.ToStandardError();
        if (Environment.UserName != "root") throw new EngineException(ErrorKind.Forbidden, "The daemon needs root's rights.");
        using var pidFile = PidFile.Write(options.PidFile);
        foreach (var address in options.Addresses)
            if (address.Path is { } path) ApiSocket.Clear(path);

        await using var engine = await Engine.OpenAsync(options.Engine, log, TimeProvider.System, cancel);
        if (options.TrustPolicy is { } policy) engine.Images.Trust = TrustPolicy.Read(policy);
        var metrics = new ApiMetrics();
        await using var exporter = TraceSettings.Read(Environment.GetEnvironmentVariable, log) is { } traces ? new TraceExporter(traces, log) : null;
        await using var web = Build(engine, options, metrics, exporter);
        await using var collector = options.Metrics is { } at ? await MetricsHost.StartAsync(at, engine, metrics, log, cancel) : null;
        await using var registry = options.Registry is { } listen
            ? await RegistryHost.StartAsync(engine.Images.Repositories, new RegistryServerOptions(options.Engine.DataRoot, listen), log, TimeProvider.System, cancel) : null;
        engine.RegistryAddress = registry is null ? null : options.Registry;
        using var stop = new EndingSignals();
        using var onHangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            ServiceManager.Reloading();
            reload.Run(engine, daemonLog, log);
            ServiceManager.Ready();
        });

        try { await web.StartAsync(cancel); }
        catch (IOException busy) { throw new EngineException(ErrorKind.Conflict, $"Cannot listen on {string.Join(", ", options.Addresses)}: {busy.GetBaseException().Message}.", busy); }
        foreach (var address in options.Addresses)
            if (address.Path is { } path) ApiSocket.Open(path, options.Group);
        log.Info("Daemon has completed initialization");
        foreach (var address in options.Addresses) log.Info($"API listen on {address}");
        ServiceManager.Ready();
        // What starting needed is garbage now, and an idle daemon would keep it for as long as it is idle.
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

        await stop.WaitAsync(cancel);
        ServiceManager.Stopping();
        log.Info("Stopping. Containers run on.");
        using var deadline = new CancellationTokenSource(s_shutdownMax);
        try { await web.StopAsync(deadline.Token); }
        // Followers of logs and events never end by themselves.
        catch (OperationCanceledException) { }
        foreach (var address in options.Addresses)
            if (address.Path is { } path) File.Delete(path);
        return 0;
    }

    /// <summary>The web server with every route, listening nowhere yet.</summary>
    internal static WebApplication Build(Engine engine, DaemonOptions options, ApiMetrics metrics, TraceExporter? exporter = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.Configure<JsonOptions>(UseDockersJson);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdownMax);
        builder.Services.AddSingleton(engine);
        builder.Services.AddSingleton<BuildKitServer>();
        builder.Services.AddSingleton(new BuildHandouts(engine.Time));
        var web = builder.Build();
        web.Use(metrics.CountAsync);
        if (exporter is not null) web.Use(new ApiTraces(exporter).TraceAsync);
        web.UseMiddleware<ApiErrors>();
        web.UseMiddleware<ApiVersions>();
        web.UseRouting();
        Routes.MapAll(web);
        web.MapGet("/metrics", context => metrics.WriteAsync(context, engine));
        return web;
    }

    // The web framework's own defaults would write names in camel case, and its options, not the context's, are what its results use.
    private static void UseDockersJson(JsonOptions json)
    {
        json.SerializerOptions.PropertyNamingPolicy = null;
        json.SerializerOptions.PropertyNameCaseInsensitive = true;
        foreach (var converter in DockerApiJson.Default.Options.Converters) json.SerializerOptions.Converters.Add(converter);
        json.SerializerOptions.TypeInfoResolverChain.Insert(0, DockerApiJson.Default);
    }

    private static void Listen(KestrelServerOptions kestrel, DaemonOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = BodyMax;
        // A build's context or an attached terminal may be silent for as long as it likes.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(5);
        foreach (var address in options.Addresses)
        {
            if (address.Path is { } path) kestrel.ListenUnixSocket(path, Speak);
            else if (address.EndPoint is { } at) kestrel.Listen(at, listen => { Speak(listen); ClientCertificates.Require(listen, options.Tls!); });
            else kestrel.ListenHandle((ulong)address.Descriptor, Speak);
        }
    }

    private static void Speak(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        HalfClose.Use(listen);
    }
}

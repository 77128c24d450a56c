using System.Runtime;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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

    public static async Task<int> RunAsync(DaemonOptions options, CancellationToken cancel = default)
    {
        var log = DaemonLog.ToStandardError(options.Threshold);
        if (Environment.UserName != "root") throw new EngineException(ErrorKind.Forbidden, "The daemon needs root's rights.");
        using var pidFile = PidFile.Write(options.PidFile);
        foreach (var address in options.Addresses)
            if (address.Path is { } path) ApiSocket.Clear(path);

        await using var engine = await Engine.OpenAsync(options.ForEngine(), log, TimeProvider.System, cancel);
        if (options.TrustPolicy is { } policy) engine.Images.Trust = TrustPolicy.Read(policy);
        await using var web = Build(engine, options);
        await using var registry = options.Registry is { } listen
            ? await RegistryHost.StartAsync(engine.Images.Repositories, new RegistryServerOptions(options.DataRoot, listen), log, TimeProvider.System, cancel) : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var onInt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        // A terminal that goes away is no reason to leave the containers unattended.
        using var onHangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);

        await web.StartAsync(cancel);
        foreach (var address in options.Addresses)
            if (address.Path is { } path) ApiSocket.Open(path, options.Group);
        log.Info($"API listen on {string.Join(", ", options.Addresses)}");
        // What starting needed is garbage now, and an idle daemon would keep it for as long as it is idle.
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

        try { await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token); }
        catch (OperationCanceledException) { }
        log.Info("Stopping. Containers run on.");
        using var deadline = new CancellationTokenSource(s_shutdownMax);
        await web.StopAsync(deadline.Token);
        foreach (var address in options.Addresses)
            if (address.Path is { } path) File.Delete(path);
        return 0;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>The web server with every route, listening nowhere yet.</summary>
    public static WebApplication Build(Engine engine, DaemonOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.Configure<JsonOptions>(UseDockersJson);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdownMax);
        builder.Services.AddSingleton(engine);
        builder.Services.AddSingleton(options);
        var web = builder.Build();
        web.UseMiddleware<ApiErrors>();
        web.UseMiddleware<ApiVersions>();
        web.UseRouting();
        Routes.MapAll(web);
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
            else kestrel.ListenHandle((ulong)address.Descriptor, Speak);
        }
    }

    private static void Speak(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        HalfClose.Use(listen);
    }
}

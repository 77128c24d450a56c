using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yun.Images.Registry;
using Yun.Images.Repositories;
using Yun.Node;
using Yun.Protocol;
using Yun.RegistryApi.Access;

namespace Yun.RegistryApi;

/// <summary>A registry being served: its web server, and the collection that runs beside it.</summary>
public sealed class RegistryHost : IAsyncDisposable
{
    private static readonly TimeSpan s_shutdownMax = TimeSpan.FromSeconds(5);
    private readonly WebApplication _web;
    private readonly RepositoryStore _repositories;
    private readonly Gatekeeper _gatekeeper;
    private readonly PullThrough? _cache;
    private readonly X509Certificate2? _certificate;
    private readonly RegistryMetrics _metrics = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _collecting = Task.CompletedTask;

    private RegistryHost(RepositoryStore repositories, RegistryServerOptions options, EngineLog log, TimeProvider time)
    {
        _repositories = repositories;
        repositories.Limits = options.Limits ?? new RepositoryLimits();
        _gatekeeper = OpenGate(options, time);
        _certificate = options.Certificate is { } given ? ServerCertificate.Read(given, options.Key!) : options.SelfSigned ? ServerCertificate.OwnIn(options.DataRoot, options.EndPoint.Address) : null;
        if (options.CachedRegistries.Count > 0) _cache = new PullThrough(repositories, options.CachedRegistries, new RegistryOptions(options.InsecureRegistries), time, options.CacheBytesMax);
        var limit = options.RequestsPerSecond > 0 ? new RequestLimit(options.RequestsPerSecond, time) : null;
        var server = new RegistryServer(repositories, _gatekeeper, _cache, _metrics, limit, log.Error);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdownMax);
        _web = builder.Build();
        _web.Run(server.HandleAsync);
    }

    /// <summary>The fingerprint of its certificate; null where it speaks plain HTTP.</summary>
    public string? Fingerprint => _certificate is null ? null : ServerCertificate.FingerprintOf(_certificate);

    /// <param name="repositories">Stays its owner's to close.</param>
    public static async Task<RegistryHost> StartAsync(RepositoryStore repositories, RegistryServerOptions options, EngineLog log, TimeProvider time, CancellationToken cancel = default)
    {
        var host = new RegistryHost(repositories, options.Checked(), log, time);
        try
        {
            await host._web.StartAsync(cancel);
        }
        catch (IOException busy)
        {
            await host.DisposeAsync();
            throw new EngineException(ErrorKind.Conflict, $"Cannot listen on {options.EndPoint}: {busy.GetBaseException().Message}.", busy);
        }
        host._collecting = host.CollectAsync(TimeSpan.FromMinutes(options.CollectMinutes), log, time);
        log.Info($"Registry listen on {(host._certificate is null ? "http" : "https")}://{options.EndPoint}{(host.Fingerprint is { } print ? $", certificate SHA-256 {print}" : "")}");
        if (!IPAddress.IsLoopback(options.EndPoint.Address) && (host._certificate is null || (options.PasswordFile is null && options.Issuer is null)))
            log.Warn($"Whoever reaches {options.EndPoint} {(host._certificate is null ? "can listen in, since nothing is encrypted" : "may pull and push everything, since there are no accounts")}.");
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using var deadline = new CancellationTokenSource(s_shutdownMax);
        try { await _web.StopAsync(deadline.Token); }
        // Whoever was still being answered has been cut off.
        catch (OperationCanceledException) { }
        await _web.DisposeAsync();
        await _collecting;
        _gatekeeper.Dispose();
        _cache?.Dispose();
        _certificate?.Dispose();
        _stopping.Dispose();
    }

    private async Task CollectAsync(TimeSpan every, EngineLog log, TimeProvider time)
    {
        using var timer = new PeriodicTimer(every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                try { _metrics.Collected(await _repositories.CollectAsync(_stopping.Token)); }
                catch (Exception failed) when (failed is not OperationCanceledException) { log.Error($"The registry's collection failed and is tried again later: {failed.Message}"); }
            }
        }
        catch (OperationCanceledException) { }
    }

    private static Gatekeeper OpenGate(RegistryServerOptions options, TimeProvider time)
    {
        var passwords = options.PasswordFile is { } file ? new PasswordFile(file) : null;
        var rules = options.RightsFile is { } rights ? AccessRules.Read(rights, options.AnonymousPull) : AccessRules.Default(options.AnonymousPull);
        var keys = options.Issuer is { } issuer ? TokenKeys.Of(issuer.Certificates) : options.Tokens ? TokenKeys.Own(Path.Combine(options.DataRoot, "registry-token.key")) : null;
        return new Gatekeeper(passwords, rules, keys, options.Issuer is { } other ? new TokenServer(other.Realm, other.Name, other.Service) : null, time);
    }

    private void Listen(KestrelServerOptions kestrel, RegistryServerOptions options)
    {
        kestrel.AddServerHeader = false;
        // What is too large is found while it comes, by limits of our own.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxRequestBufferSize = 4 << 20;
        kestrel.Limits.MaxResponseBufferSize = 1 << 20;
        kestrel.Listen(options.EndPoint, listen =>
        {
            listen.Protocols = _certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            if (_certificate is not null) listen.UseHttps(_certificate);
        });
    }
}

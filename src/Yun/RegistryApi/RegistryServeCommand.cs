using System.CommandLine;
using Yun.Daemon;
using Yun.Images.Repositories;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Protocol;
using Yun.Store;

namespace Yun.RegistryApi;

/// <summary><c>yun registry serve</c>: a registry by itself.</summary>
public static class RegistryServeCommand
{
    private static readonly RegistryServerOptions s_defaults = new();
    private static readonly Option<string> s_dataRoot = new("--data-root") { Description = "Where it keeps everything", DefaultValueFactory = _ => s_defaults.DataRoot };
    private static readonly Option<string> s_listen = new("--listen") { Description = "Where it listens, as ADDRESS:PORT", DefaultValueFactory = _ => s_defaults.Listen };
    private static readonly Option<string?> s_certificate = new("--tls-cert") { Description = "The server's certificate, PEM" };
    private static readonly Option<string?> s_key = new("--tls-key") { Description = "The certificate's key, PEM" };
    private static readonly Option<bool> s_selfSigned = new("--tls-self-signed") { Description = "Make a certificate, and print its fingerprint" };
    private static readonly Option<string?> s_passwords = new("--htpasswd") { Description = "Accounts, as htpasswd -B writes them" };
    private static readonly Option<string?> s_rights = new("--rights") { Description = "Who may pull, push and delete what: a JSON list of {user, repository, actions}" };
    private static readonly Option<bool> s_anonymous = new("--anonymous-pull") { Description = "Let everybody pull" };
    private static readonly Option<bool> s_tokens = new("--tokens") { Description = "Give out tokens for passwords instead of taking passwords with every request" };
    private static readonly Option<string?> s_realm = new("--token-realm") { Description = "Take another issuer's tokens: its URL" };
    private static readonly Option<string?> s_issuer = new("--token-issuer") { Description = "That issuer's name" };
    private static readonly Option<string?> s_service = new("--token-service") { Description = "What that issuer calls this registry" };
    private static readonly Option<string?> s_issuerCertificate = new("--token-cert") { Description = "That issuer's certificates, PEM" };
    private static readonly Option<List<string>?> s_caches = new("--cache") { Description = "Keep what is pulled from another registry, as [PREFIX=]REGISTRY (several allowed)" };
    private static readonly Option<string?> s_cacheSize = new("--cache-size") { Description = "What is kept of other registries at most, such as 50g (default: no limit)" };
    private static readonly Option<List<string>?> s_insecure = new("--insecure-registry") { Description = "A registry that may be spoken to without TLS (several allowed)" };
    private static readonly Option<int> s_rate = new("--requests-per-second") { Description = "The most that one address may ask (default: no limit)" };
    private static readonly Option<long?> s_blobMax = new("--max-blob-size") { Description = "The largest blob that is taken, in bytes (default: no limit)" };
    private static readonly Option<double> s_lease = new("--lease-hours") { Description = "How long what no manifest names is kept", DefaultValueFactory = _ => new RepositoryLimits().LeaseHours };
    private static readonly Option<double> s_collect = new("--collect-minutes") { Description = "How often what nothing needs is freed", DefaultValueFactory = _ => s_defaults.CollectMinutes };
    private static readonly Option<string> s_logLevel = new("--log-level", "-l") { Description = "debug, info, warn, error or fatal", DefaultValueFactory = _ => "info" };

    public static Command Create()
    {
        var command = new Command("serve", "Serve a registry (OCI distribution)")
        {
            s_dataRoot, s_listen, s_certificate, s_key, s_selfSigned, s_passwords, s_rights, s_anonymous, s_tokens, s_realm, s_issuer, s_service, s_issuerCertificate,
            s_caches, s_cacheSize, s_insecure, s_rate, s_blobMax, s_lease, s_collect, s_logLevel,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        try
        {
            await ServeAsync(Options(parsed), new DaemonLog(DaemonOptions.ThresholdOf(parsed.GetValue(s_logLevel)!)).ToStandardError(), cancel);
            return 0;
        }
        catch (EngineException error)
        {
            await Console.Error.WriteLineAsync($"yun registry serve: {error.Message}");
            return 1;
        }
    }

    private static RegistryServerOptions Options(ParseResult parsed)
    {
        var issuer = (parsed.GetValue(s_realm), parsed.GetValue(s_issuer), parsed.GetValue(s_service), parsed.GetValue(s_issuerCertificate)) switch
        {
            (null, null, null, null) => null,
            ({ } realm, { } name, { } service, { } certificates) => new TokenIssuerOptions(realm, name, service, certificates),
            _ => throw new EngineException(ErrorKind.InvalidArgument, "Another issuer's tokens need all of --token-realm, --token-issuer, --token-service and --token-cert."),
        };
        return new RegistryServerOptions(
            Path.GetFullPath(parsed.GetValue(s_dataRoot)!), parsed.GetValue(s_listen)!, parsed.GetValue(s_certificate), parsed.GetValue(s_key), parsed.GetValue(s_selfSigned),
            parsed.GetValue(s_passwords), parsed.GetValue(s_rights), parsed.GetValue(s_anonymous), parsed.GetValue(s_tokens), issuer, parsed.GetValue(s_caches), parsed.GetValue(s_insecure),
            parsed.GetValue(s_rate), new RepositoryLimits(parsed.GetValue(s_blobMax) ?? long.MaxValue, LeaseHours: parsed.GetValue(s_lease)), parsed.GetValue(s_collect),
            parsed.GetValue(s_cacheSize) is { } size ? ByteSize.Parse(size) : long.MaxValue).Checked();
    }

    private static async Task ServeAsync(RegistryServerOptions options, EngineLog log, CancellationToken cancel)
    {
        Directory.CreateDirectory(options.DataRoot, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var store = await SqliteStore.OpenAsync(Path.Combine(options.DataRoot, "registry.db"), cancel);
        await using var repositories = await RepositoryStore.OpenAsync(options.DataRoot, store, TimeProvider.System, cancel);
        using var stop = new EndingSignals();
        await using var host = await RegistryHost.StartAsync(repositories, options, log, TimeProvider.System, cancel);
        await stop.WaitAsync(cancel);
        log.Info("Stopping.");
    }
}

using System.Net;
using Yun.Images.Repositories;
using Yun.Protocol;

namespace Yun.RegistryApi;

/// <summary>How the registry is served.</summary>
/// <param name="Listen">Address and port; 5000 is the port people expect a registry at.</param>
/// <param name="Certificate">PEM, with <paramref name="Key"/>; without both, plain HTTP or <paramref name="SelfSigned"/>.</param>
/// <param name="PasswordFile">Of <c>htpasswd -B</c>; without one and without an issuer, everybody may do everything.</param>
/// <param name="RightsFile">JSON: a list of <c>{"user", "repository", "actions"}</c>.</param>
/// <param name="Tokens">Give out tokens for passwords. Docker's client needs it where some may pull without an account.</param>
/// <param name="Issuer">Somebody else's tokens: its realm, name, service and certificates.</param>
/// <param name="Caches">Other registries' repositories to keep, as <c>[PREFIX=]REGISTRY</c>.</param>
/// <param name="RequestsPerSecond">For each address; 0 is without limit.</param>
/// <param name="CollectMinutes">How often what nothing needs is freed.</param>
/// <param name="CacheBytesMax">What is kept of other registries; what was not asked for the longest goes first.</param>
public sealed record RegistryServerOptions(
    string DataRoot = "/var/lib/yun-registry", string Listen = "127.0.0.1:5000", string? Certificate = null, string? Key = null, bool SelfSigned = false,
    string? PasswordFile = null, string? RightsFile = null, bool AnonymousPull = false, bool Tokens = false, TokenIssuerOptions? Issuer = null,
    IReadOnlyList<string>? Caches = null, IReadOnlyList<string>? InsecureRegistries = null, int RequestsPerSecond = 0, RepositoryLimits? Limits = null, double CollectMinutes = 60,
    long CacheBytesMax = long.MaxValue)
{
    public IPEndPoint EndPoint => ParseEndPoint(Listen);

    public IReadOnlyList<CachedRegistry> CachedRegistries => [.. (Caches ?? []).Select(ParseCache)];

    public RegistryServerOptions Checked() =>
        (Certificate is null) != (Key is null) ? throw Wrong("A certificate and its key are given together.")
        : SelfSigned && Certificate is not null ? throw Wrong("A certificate is given or made, not both.")
        : (RightsFile is not null || AnonymousPull || Tokens) && PasswordFile is null && Issuer is null ? throw Wrong("Rights and tokens need accounts: give a password file.")
        : Issuer is not null && Tokens ? throw Wrong("Tokens come from here or from the issuer that is named, not from both.")
        : RequestsPerSecond < 0 || CollectMinutes <= 0 || CacheBytesMax < 0 ? throw Wrong("A limit is negative.")
        : this;

    private static IPEndPoint ParseEndPoint(string text) => IPEndPoint.TryParse(text.StartsWith(':') ? "0.0.0.0" + text : text.StartsWith("localhost:", StringComparison.Ordinal) ? "127.0.0.1" + text[9..] : text, out var point) && point.Port > 0
        ? point : throw Wrong($"Cannot listen on '{text}': expected ADDRESS:PORT, such as 127.0.0.1:5000.");

    private static CachedRegistry ParseCache(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var (prefix, registry) = equals < 0 ? (text.Split(':')[0], text) : (text[..equals].TrimEnd('/'), text[(equals + 1)..]);
        return registry.Length > 0 ? new CachedRegistry(prefix.Length == 0 ? "" : prefix + "/", registry) : throw Wrong($"'{text}' names no registry to be cached: expected [PREFIX=]REGISTRY.");
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

/// <param name="Certificates">PEM: what its tokens are signed with.</param>
public sealed record TokenIssuerOptions(string Realm, string Name, string Service, string Certificates);

using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Yun.Protocol;

namespace Yun.Images.Registry;

/// <summary>Proofs for one registry: the password itself where it asks for Basic, tokens for each scope where it asks for Bearer (distribution, "Token Authentication").</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose of.")]
internal sealed class TokenSource(RegistryConnections connections, string domain, RegistryAuth? auth)
{
    private const int TokenBodyMax = 1 << 20;
    private readonly string _host = RegistryAddress.HostOf(domain);
    private readonly ConcurrentDictionary<string, (string Token, DateTime Until)> _tokens = new();
    private readonly SemaphoreSlim _asking = new(1, 1);
    private volatile bool _basic;
    private volatile Challenge? _bearer;

    private bool HasPassword => !string.IsNullOrEmpty(auth?.Username) && !string.IsNullOrEmpty(auth.Password);

    /// <summary>What to send along, as far as is known; null for nothing.</summary>
    public async Task<AuthenticationHeaderValue?> ProofAsync(string scope, CancellationToken cancel)
    {
        if (!string.IsNullOrEmpty(auth?.RegistryToken)) return new AuthenticationHeaderValue("Bearer", auth.RegistryToken);
        if (_basic) return Basic();
        if (_bearer is null) return null;
        // Once the registry has asked for tokens it will again, so a new scope's is fetched before it asks.
        if (!_tokens.TryGetValue(scope, out var known) || known.Until < DateTime.UtcNow) await FetchAsync(_bearer, scope, cancel);
        return _tokens.TryGetValue(scope, out known) ? new AuthenticationHeaderValue("Bearer", known.Token) : null;
    }

    /// <summary>The registry has refused: true when there is something to try again with.</summary>
    public async Task<bool> AnswerAsync(HttpResponseMessage refused, string scope, CancellationToken cancel)
    {
        if (!string.IsNullOrEmpty(auth?.RegistryToken)) return false;
        // Requests run side by side: what another has learned meanwhile, this one has not tried.
        var tried = refused.RequestMessage?.Headers.Authorization;
        switch (Challenge.Of(refused))
        {
            case { Scheme: "basic" }:
                if (!HasPassword) throw new RegistryException(HttpStatusCode.Unauthorized, "NO_CREDENTIALS", "no basic auth credentials");
                _basic = true;
                return tried is null;
            case { Scheme: "bearer" } challenge:
                _bearer = challenge;
                if (_tokens.TryGetValue(scope, out var known) && known.Token == tried?.Parameter) _tokens.TryRemove(scope, out _);
                await FetchAsync(challenge, scope, cancel);
                return true;
            default:
                return false;
        }
    }

    private AuthenticationHeaderValue Basic() => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{auth!.Username}:{auth.Password}")));

    private async Task FetchAsync(Challenge challenge, string scope, CancellationToken cancel)
    {
        await _asking.WaitAsync(cancel);
        try
        {
            if (_tokens.TryGetValue(scope, out var known) && known.Until > DateTime.UtcNow) return;
            var realm = await RealmAsync(challenge, cancel);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(connections.Options.StallSeconds));
            using var request = Request(realm, challenge["service"], scope.Length > 0 ? scope : challenge["scope"]);
            try
            {
                using var response = await connections.Open(realm).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                if (!response.IsSuccessStatusCode) throw await RegistryErrors.ReadAsync(response, TimeSpan.FromSeconds(connections.Options.StallSeconds), cancel);
                var body = await Bounded.ReadAsync(await response.Content.ReadAsStreamAsync(limit.Token), TokenBodyMax, "token", limit.Token);
                var token = JsonSerializer.Deserialize(body, RegistryErrorJson.Default.TokenBody);
                var text = token?.Token ?? token?.AccessToken ?? throw new JsonException("there is no token in it");
                // 60 seconds is what the specification assumes; a little is left for the way.
                _tokens[scope] = (text, DateTime.UtcNow.AddSeconds(Math.Max(token!.ExpiresIn, 60) - 10));
            }
            catch (JsonException unreadable)
            {
                throw new EngineException(ErrorKind.Unavailable, $"The token server {realm.Authority} answered what is no token.", unreadable);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                throw RegistryConnections.Unreachable(realm.Authority, failure);
            }
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<Uri> RealmAsync(Challenge challenge, CancellationToken cancel)
    {
        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out var realm) || realm.Scheme is not ("http" or "https"))
            throw new EngineException(ErrorKind.Unavailable, $"The registry {_host} asks for a token and does not say where from.");
        var (_, scheme) = await connections.OpenAsync(_host, cancel);
        if (realm.Scheme == Uri.UriSchemeHttp && scheme == Uri.UriSchemeHttps)
            throw new EngineException(ErrorKind.Forbidden, $"The registry {_host} sends its users to '{realm.Authority}' for a token, which is not encrypted.");
        if (auth is { IsEmpty: false } && !RegistryAddress.IsSameSite(_host, realm.Authority))
            throw new EngineException(ErrorKind.Forbidden, $"The registry {_host} sends its users to '{realm.Authority}' for a token. That is another site; the credentials were not sent.");
        return realm;
    }

    private HttpRequestMessage Request(Uri realm, string? service, string? scope)
    {
        if (!string.IsNullOrEmpty(auth?.IdentityToken))
        {
            var form = new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = auth.IdentityToken, ["client_id"] = "yun" };
            if (service is not null) form["service"] = service;
            if (scope is not null) form["scope"] = scope;
            return new HttpRequestMessage(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(form) };
        }
        var query = new StringBuilder(realm.Query.TrimStart('?'));
        void Add(string name, string? value)
        {
            if (value is { Length: > 0 }) query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
        Add("account", HasPassword ? auth!.Username : null);
        Add("service", service);
        foreach (var one in (scope ?? "").Split(' ')) Add("scope", one);
        return new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString() }.Uri) { Headers = { Authorization = HasPassword ? Basic() : null } };
    }
}

using System.Text;
using Yun.Images.Repositories;

namespace Yun.RegistryApi.Access;

/// <summary>Who asks, and whether they may. Passwords are taken with every request, or once for a token that says what it is good for.</summary>
/// <param name="passwords">Null where there are no accounts of our own.</param>
/// <param name="keys">Null where no tokens are used.</param>
/// <param name="issuer">Another token server than this registry itself.</param>
internal sealed class Gatekeeper(PasswordFile? passwords, AccessRules rules, TokenKeys? keys, TokenServer? issuer, TimeProvider time) : IDisposable
{
    private const int LifetimeSeconds = 300;
    private const string Realm = "yun registry", OwnIssuer = "yun";
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(60);

    private bool IsOpen => passwords is null && keys is null;

    /// <exception cref="DistributionException">Unauthorized, with the challenge in the answer's headers; or Denied, where proving more would not help.</exception>
    public void Require(HttpContext context, RegistryRequest request)
    {
        if (IsOpen || request.Area == RegistryArea.None) return;
        var action = ActionOf(context.Request.Method, request.Area);
        var scope = request.Area is RegistryArea.Catalog or RegistryArea.Search ? "registry:catalog:*" : request.Name.Length == 0 ? null : $"repository:{request.Name}:{(action == "push" ? "pull,push" : action)}";
        var caller = CallerOf(context, scope);
        var allowed = request.Area switch
        {
            RegistryArea.Ping => caller.IsKnown || (keys is null && rules.KnowsNobody),
            RegistryArea.Catalog or RegistryArea.Search => caller.MayList,
            _ => caller.May(request.Name, action),
        };
        if (allowed) return;
        // With a token the client can always ask for another one; with a password it has shown all it has.
        if (caller.IsKnown && keys is null) throw new DistributionException(DistributionError.Denied, $"{caller.User} may not {action} {request.Name}.", scope);
        throw Challenge(context, scope, caller.IsKnown ? "insufficient_scope" : null, "Authentication is required.");
    }

    public bool MayPull(HttpContext context, string name) => IsOpen || CallerOf(context, null).May(name, "pull") || CallerOf(context, null) is { IsKnown: true, User: { } user } && rules.Allow(user, name, "pull");

    /// <summary>For pages and metrics, which a browser and a collector ask for with a password or without.</summary>
    public bool MayRead(HttpContext context, string? name)
    {
        if (IsOpen) return true;
        var user = PasswordOf(context, null);
        return name is null ? user is not null || rules.KnowsNobody : rules.Allow(user, name, "pull");
    }

    /// <summary>Asks a browser for a password.</summary>
    public static DistributionException AskPassword(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = $"Basic realm=\"{Realm}\"";
        return new DistributionException(DistributionError.Unauthorized, "Authentication is required.");
    }

    /// <summary><c>/token</c>: a token for as much of what was asked for as the user may do.</summary>
    public async Task IssueAsync(HttpContext context)
    {
        if (keys is null || issuer is not null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : null;
        string? Asked(string name) => form?[name].ToString() is { Length: > 0 } posted ? posted : context.Request.Query[name].ToString() is { Length: > 0 } asked ? asked : null;
        var user = form?["grant_type"].ToString() == "password" ? Verified(context, form["username"].ToString(), form["password"].ToString()) : PasswordOf(context, null);
        var scopes = (form?["scope"].ToString() is { Length: > 0 } one ? [one] : context.Request.Query["scope"].OfType<string>()).SelectMany(text => text.Split(' '));
        var now = time.GetUtcNow();
        var service = Asked("service") ?? context.Request.Host.ToString();
        var token = keys.Sign(new AccessToken(user ?? "", OwnIssuer, service, now.AddSeconds(-5), now.AddSeconds(LifetimeSeconds), [.. scopes.Select(AccessGrant.Parse).OfType<AccessGrant>().Select(scope => Granted(user, scope))]));
        await Lists.WriteAsync(context, new TokenBody(token, token, LifetimeSeconds, now.ToString("yyyy-MM-ddTHH:mm:ssZ")), RegistryJson.Default.TokenBody);
    }

    public void Dispose()
    {
        passwords?.Dispose();
        keys?.Dispose();
    }

    private AccessGrant Granted(string? user, AccessGrant asked) => asked.Type switch
    {
        "registry" => asked with { Actions = user is null ? [] : ["*"] },
        "repository" => asked with { Actions = [.. (asked.Actions.Contains("*") ? ["pull", "push", "delete"] : asked.Actions).Where(action => rules.Allow(user, asked.Name, action))] },
        _ => asked with { Actions = [] },
    };

    private Caller CallerOf(HttpContext context, string? scope)
    {
        if (context.Items.TryGetValue(typeof(Caller), out var known)) return (Caller)known!;
        var header = context.Request.Headers.Authorization.ToString();
        var caller = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && keys is not null ? WithToken(context, header["Bearer ".Length..].Trim(), scope)
            : WithPassword(PasswordOf(context, scope));
        context.Items[typeof(Caller)] = caller;
        return caller;
    }

    private Caller WithPassword(string? user) => user is null && keys is not null
        // Somebody without an account gets a token as well, so that there is one way in.
        ? new Caller(null, false, false, (_, _) => false)
        : new Caller(user, user is not null, user is not null, (name, action) => rules.Allow(user, name, action));

    private Caller WithToken(HttpContext context, string text, string? scope)
    {
        try
        {
            var token = keys!.Open(text);
            var now = time.GetUtcNow();
            if (token.Issuer != (issuer?.Issuer ?? OwnIssuer) || token.Audience != ServiceOf(context)) throw new FormatException("the token is for another registry");
            if (now < token.From - s_skew || now > token.Until) throw new FormatException("the token's time is over");
            return new Caller(token.User, true, token.Allows("registry", "catalog", "*"), (name, action) => token.Allows("repository", name, action));
        }
        catch (FormatException wrong)
        {
            throw Challenge(context, scope, "invalid_token", $"Authentication failed: {wrong.Message}.");
        }
    }

    private string? PasswordOf(HttpContext context, string? scope)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || passwords is null) return null;
        try
        {
            var proof = Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..].Trim()));
            var colon = proof.IndexOf(':', StringComparison.Ordinal);
            return Verified(context, proof[..Math.Max(colon, 0)], proof[(colon + 1)..], scope);
        }
        catch (FormatException)
        {
            throw Challenge(context, scope, null, "The credentials are malformed.");
        }
    }

    private string Verified(HttpContext context, string user, string password, string? scope = null) =>
        passwords!.Verify(user, password) ? user : throw Challenge(context, scope, null, "The name or the password is wrong.");

    private string ServiceOf(HttpContext context) => issuer?.Service ?? context.Request.Host.ToString();

    private DistributionException Challenge(HttpContext context, string? scope, string? error, string message)
    {
        context.Response.Headers.WWWAuthenticate = keys is null ? $"Basic realm=\"{Realm}\""
            : $"Bearer realm=\"{issuer?.Realm ?? $"{context.Request.Scheme}://{context.Request.Host}/token"}\",service=\"{ServiceOf(context)}\""
                + (scope is null ? "" : $",scope=\"{scope}\"") + (error is null ? "" : $",error=\"{error}\"");
        return new DistributionException(DistributionError.Unauthorized, message, scope);
    }

    private static string ActionOf(string method, RegistryArea area) => (method, area) switch
    {
        (_, RegistryArea.Uploads or RegistryArea.Upload) or ("PUT", _) => "push",
        ("DELETE", _) => "delete",
        _ => "pull",
    };

    private sealed record Caller(string? User, bool IsKnown, bool MayList, Func<string, string, bool> May);
}

/// <summary>A token server elsewhere: where it is, what it calls itself, and what it calls this registry.</summary>
internal sealed record TokenServer(string Realm, string Issuer, string Service);

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Images.Registry;

/// <summary>
/// A token server as registries expect it (distribution, "Token Authentication"): it signs what its rules allow. <see cref="ReferenceRegistry.User"/> may pull and push
/// everything, and everybody may pull what lies below <c>public/</c>.
/// </summary>
public sealed class TokenIssuer : IAsyncDisposable
{
    public const string Name = "test-issuer", Service = "test-registry";

    private readonly ScratchFolder _folder = new();
    private readonly RSA _key = RSA.Create(2048);
    private readonly byte[] _certificate;
    private LoopbackServer _server = null!;

    private TokenIssuer()
    {
        var request = new CertificateRequest($"CN={Name}", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _certificate = certificate.RawData;
        _folder.Write("issuer.crt", certificate.ExportCertificatePem() + "\n");
    }

    public string CertificatePath => _folder["issuer.crt"];
    public string Realm => $"http://{_server.Address}/token";
    /// <summary>How long a token is good for, in seconds.</summary>
    public int Lifetime { get; set; } = 300;
    /// <summary>What was asked for: user and scopes.</summary>
    public ConcurrentQueue<(string User, string[] Scopes)> Asked { get; } = [];

    public static async Task<TokenIssuer> StartAsync()
    {
        var issuer = new TokenIssuer();
        issuer._server = await LoopbackServer.StartAsync(issuer.AnswerAsync);
        return issuer;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _key.Dispose();
        _folder.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var user = "";
        if (context.Request.Headers.Authorization.ToString() is { Length: > 0 } proof)
        {
            if (Encoding.UTF8.GetString(Convert.FromBase64String(proof["Basic ".Length..])) != $"{ReferenceRegistry.User}:{ReferenceRegistry.Password}")
            {
                context.Response.StatusCode = 401;
                await context.Response.WriteAsync("""{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}""");
                return;
            }
            user = ReferenceRegistry.User;
        }
        var scopes = context.Request.Query["scope"].OfType<string>().ToArray();
        Asked.Enqueue((user, scopes));
        var token = Sign(user, scopes);
        await context.Response.WriteAsync(new JsonObject { ["token"] = token, ["expires_in"] = Lifetime }.ToJsonString());
    }

    private string Sign(string user, string[] scopes)
    {
        var access = new JsonArray();
        foreach (var scope in scopes.Select(scope => scope.Split(':')))
        {
            var allowed = scope[2].Split(',').Where(action => user.Length > 0 || (action == "pull" && scope[1].StartsWith("public/", StringComparison.Ordinal)));
            access.Add(new JsonObject { ["type"] = scope[0], ["name"] = scope[1], ["actions"] = new JsonArray([.. allowed.Select(action => (JsonNode)action)]) });
        }
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var header = new JsonObject { ["typ"] = "JWT", ["alg"] = "RS256", ["x5c"] = new JsonArray(Convert.ToBase64String(_certificate)) };
        var claims = new JsonObject
        {
            ["iss"] = Name, ["sub"] = user, ["aud"] = Service, ["nbf"] = now - 10, ["iat"] = now, ["exp"] = now + Lifetime, ["jti"] = Guid.NewGuid().ToString(), ["access"] = access,
        };
        var text = $"{Encoded(header)}.{Encoded(claims)}";
        return $"{text}.{Base64Url(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Encoded(JsonObject json) => Base64Url(JsonSerializer.SerializeToUtf8Bytes(json));

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}

using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Yun.DockerApi.Model;
using Yun.Images.Registry;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>The credentials of a request: the header <c>X-Registry-Auth</c>, JSON in base64url.</summary>
internal static class RegistryCredentials
{
    private const string Header = "X-Registry-Auth";

    /// <summary>Null when the client has none for the registry.</summary>
    public static RegistryAuth? Of(HttpContext context)
    {
        var text = context.Request.Headers[Header].ToString();
        if (text.Length == 0) return null;
        try
        {
            // Clients differ in which base64 they use, and whether they pad.
            var json = Base64Url.DecodeFromChars(text.Replace('+', '-').Replace('/', '_').TrimEnd('='));
            return From(JsonSerializer.Deserialize(json, DockerApiJson.Default.AuthConfig));
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid {Header} header: it is not JSON in base64url", error);
        }
    }

    /// <summary>Credentials as clients write them; the pair in <c>auth</c> stands for user name and password.</summary>
    public static RegistryAuth? From(AuthConfig? config)
    {
        if (config is null) return null;
        var (user, password) = (config.Username, config.Password);
        if (string.IsNullOrEmpty(user) && config.Auth is { Length: > 0 } pair && Encoding.UTF8.GetString(Convert.FromBase64String(pair)).Split(':', 2) is [var name, var secret]) (user, password) = (name, secret);
        var auth = new RegistryAuth(user, password, config.IdentityToken, config.RegistryToken);
        return auth.IsEmpty ? null : auth;
    }
}

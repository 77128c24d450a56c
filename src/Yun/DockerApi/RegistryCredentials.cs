using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Yun.DockerApi.Model;
using Yun.Images.Registry;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>The credentials of a request: JSON in base64url, in <c>X-Registry-Auth</c> for one registry and in <c>X-Registry-Config</c> for several.</summary>
internal static class RegistryCredentials
{
    private const string Header = "X-Registry-Auth", AllHeader = "X-Registry-Config";

    /// <summary>Null when the client has none for the registry.</summary>
    public static RegistryAuth? Of(HttpContext context) => From(Read(context, Header, DockerApiJson.Default.AuthConfig));

    /// <summary>All that the client has, by registry: what a build's base images may need.</summary>
    public static Dictionary<string, AuthConfig> AllOf(HttpContext context) => Read(context, AllHeader, DockerApiJson.Default.DictionaryStringAuthConfig) ?? [];

    private static T? Read<T>(HttpContext context, string header, JsonTypeInfo<T> type) where T : class
    {
        var text = context.Request.Headers[header].ToString();
        if (text.Length == 0) return null;
        try
        {
            // Clients differ in which base64 they use, and whether they pad.
            return JsonSerializer.Deserialize(Base64Url.DecodeFromChars(text.Replace('+', '-').Replace('/', '_').TrimEnd('=')), type);
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid {header} header: it is not JSON in base64url", error);
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

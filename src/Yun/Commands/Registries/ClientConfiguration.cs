using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Yun.DockerApi.Model;
using Yun.Oci;

namespace Yun.Commands.Registries;

/// <summary>The user's <c>config.json</c>, shared with other clients: what we do not know in it is kept as it is.</summary>
public sealed class ClientConfiguration(string directory)
{
    /// <summary>The key that Docker Hub has had since before registries had names.</summary>
    public const string HubKey = "https://index.docker.io/v1/";

    private JsonObject? _root;

    public string Path => System.IO.Path.Combine(directory, "config.json");

    /// <summary>A default for a list's <c>--format</c>: <c>psFormat</c>.</summary>
    public string? Format(string name) => Root[name]?.GetValue<string>();

    /// <summary>The user's own detach keys.</summary>
    public string? DetachKeys => Root["detachKeys"]?.GetValue<string>();

    /// <summary>What to send as <c>X-Registry-Auth</c> for an image of this registry.</summary>
    public KeyValuePair<string, string> AuthHeader(ImageReference image) => AuthHeader(KeyOf(image.Domain));

    public KeyValuePair<string, string> AuthHeader(string key) => new("X-Registry-Auth", Encode(Find(key) ?? new AuthConfig()));

    /// <summary>All that is known, for a build that may pull from anywhere.</summary>
    public KeyValuePair<string, string> AllAuthHeader()
    {
        var all = (Root["auths"] as JsonObject ?? []).ToDictionary(a => a.Key, a => Find(a.Key) ?? new AuthConfig());
        return new("X-Registry-Config", Base64Url(JsonSerializer.SerializeToUtf8Bytes(all, DockerApiJson.Default.DictionaryStringAuthConfig)));
    }

    public static string KeyOf(string registry) => registry is "docker.io" or "index.docker.io" or "registry-1.docker.io" ? HubKey : registry;

    public AuthConfig? Find(string key)
    {
        if ((Root["credHelpers"]?[key] ?? Root["credsStore"])?.GetValue<string>() is { Length: > 0 } helper)
        {
            return CredentialHelper.Get(helper, key);
        }
        var entry = (Root["auths"] as JsonObject)?.FirstOrDefault(a => HostOf(a.Key) == HostOf(key)).Value;
        if (entry is null) return null;
        var auth = new AuthConfig { ServerAddress = key, IdentityToken = entry["identitytoken"]?.GetValue<string>() };
        if (entry["auth"]?.GetValue<string>() is { Length: > 0 } pair)
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(pair));
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) throw new FailureException($"{Path}: the entry for {key} has no user name and password");
            (auth.Username, auth.Password) = (text[..colon], text[(colon + 1)..].TrimEnd('\0'));
        }
        return auth;
    }

    /// <returns>The helper that keeps it, or null when it stands in the file.</returns>
    public string? Store(string key, AuthConfig auth)
    {
        if ((Root["credHelpers"]?[key] ?? Root["credsStore"])?.GetValue<string>() is { Length: > 0 } helper)
        {
            CredentialHelper.Store(helper, key, auth);
            return helper;
        }
        if (Root["auths"] is not JsonObject auths) Root["auths"] = auths = [];
        var entry = new JsonObject();
        if (auth.IdentityToken is { Length: > 0 } token) entry["identitytoken"] = token;
        entry["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{auth.Username}:{(auth.IdentityToken is { Length: > 0 } ? "" : auth.Password)}"));
        auths[key] = entry;
        Save();
        return null;
    }

    /// <returns>False when nothing was known.</returns>
    public bool Erase(string key)
    {
        if ((Root["credHelpers"]?[key] ?? Root["credsStore"])?.GetValue<string>() is { Length: > 0 } helper) return CredentialHelper.Erase(helper, key);
        if (Root["auths"] is not JsonObject auths) return false;
        var names = auths.Select(a => a.Key).Where(name => HostOf(name) == HostOf(key)).ToList();
        foreach (var name in names) auths.Remove(name);
        if (names.Count > 0) Save();
        return names.Count > 0;
    }

    private JsonObject Root => _root ??= Load();

    private JsonObject Load()
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(Path)) as JsonObject ?? [];
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (JsonException error)
        {
            throw new FailureException($"{Path}: {error.Message}");
        }
    }

    // Written beside and renamed, so that no reader finds half of it; it holds passwords, so only its owner may read it.
    private void Save()
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var temporary = $"{Path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var file = new FileStream(temporary, options))
        using (var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1 }))
        {
            Root.WriteTo(writer);
        }
        File.Move(temporary, Path, overwrite: true);
    }

    private static string HostOf(string key)
    {
        var host = key;
        if (host.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme) host = host[(scheme + 3)..];
        var slash = host.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? host : host[..slash];
    }

    private static string Encode(AuthConfig auth) => Base64Url(JsonSerializer.SerializeToUtf8Bytes(auth, DockerApiJson.Default.AuthConfig));

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_');
}

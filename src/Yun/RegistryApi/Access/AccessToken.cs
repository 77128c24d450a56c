using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Yun.RegistryApi.Access;

/// <summary>What a token says: whose it is and what it allows (distribution, "Token Authentication": a JWT with an <c>access</c> claim).</summary>
internal sealed record AccessToken(string User, string Issuer, string Audience, DateTimeOffset From, DateTimeOffset Until, IReadOnlyList<AccessGrant> Access)
{
    public bool Allows(string type, string name, string action) => Access.Any(grant => grant.Type == type && grant.Name == name && (grant.Actions.Contains(action) || grant.Actions.Contains("*")));

    /// <exception cref="FormatException">It is no such thing.</exception>
    public static AccessToken Parse(ReadOnlySpan<char> claims)
    {
        try
        {
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(claims), new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            return new AccessToken(
                Text(root, "sub"), Text(root, "iss"),
                root.GetProperty("aud") is { ValueKind: JsonValueKind.Array } several ? several.EnumerateArray().First().GetString()! : Text(root, "aud"),
                Time(root, "nbf") ?? DateTimeOffset.MinValue, Time(root, "exp") ?? throw new FormatException("it never ends"),
                root.TryGetProperty("access", out var access) && access.ValueKind == JsonValueKind.Array ? [.. access.EnumerateArray().Select(AccessGrant.Parse)] : []);
        }
        catch (Exception malformed) when (malformed is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw new FormatException("the token is malformed", malformed);
        }
    }

    public byte[] Write()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("iss", Issuer);
            json.WriteString("sub", User);
            json.WriteString("aud", Audience);
            json.WriteNumber("nbf", From.ToUnixTimeSeconds());
            json.WriteNumber("iat", From.ToUnixTimeSeconds());
            json.WriteNumber("exp", Until.ToUnixTimeSeconds());
            json.WriteString("jti", Guid.NewGuid());
            json.WriteStartArray("access");
            foreach (var grant in Access) grant.Write(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    private static string Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static DateTimeOffset? Time(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? DateTimeOffset.FromUnixTimeSeconds((long)value.GetDouble()) : null;
}

/// <summary>Actions on one thing: <c>repository:NAME:pull,push</c>.</summary>
internal sealed record AccessGrant(string Type, string Name, IReadOnlyList<string> Actions)
{
    /// <summary>Reads a scope; null for what is none.</summary>
    public static AccessGrant? Parse(string scope)
    {
        var parts = scope.Split(':');
        // A repository's name may begin with a host and port.
        return parts.Length < 3 ? null : new AccessGrant(parts[0], string.Join(':', parts[1..^1]), parts[^1].Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    public static AccessGrant Parse(JsonElement json) => new(
        json.GetProperty("type").GetString() ?? "", json.GetProperty("name").GetString() ?? "", [.. json.GetProperty("actions").EnumerateArray().Select(action => action.GetString() ?? "")]);

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", Type);
        json.WriteString("name", Name);
        json.WriteStartArray("actions");
        foreach (var action in Actions) json.WriteStringValue(action);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

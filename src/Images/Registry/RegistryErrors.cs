using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Registry;

/// <summary>From what a registry answered to what Docker says about it.</summary>
internal static class RegistryErrors
{
    private const int BodyMax = 64 * 1024;

    public static async Task<RegistryException> ReadAsync(HttpResponseMessage response, TimeSpan stall, CancellationToken cancel)
    {
        var (code, message) = ("", "");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(stall);
        try
        {
            var body = await Bounded.ReadAsync(await response.Content.ReadAsStreamAsync(limit.Token), BodyMax, "error message", limit.Token);
            var first = JsonSerializer.Deserialize(body, RegistryErrorJson.Default.RegistryErrorBody)?.Errors?.FirstOrDefault();
            (code, message) = (first?.Code ?? "", first?.Message ?? "");
        }
        catch (Exception unreadable) when (unreadable is JsonException or EngineException or HttpRequestException or IOException
            || (unreadable is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // A proxy or a load balancer answers in HTML, or falls silent; the status says enough.
        }
        if (code.Length == 0) code = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => "UNAUTHORIZED",
            HttpStatusCode.Forbidden => "DENIED",
            HttpStatusCode.NotFound => "NOT_FOUND",
            HttpStatusCode.TooManyRequests => "TOOMANYREQUESTS",
            _ => "UNKNOWN",
        };
        if (message.Length == 0) message = code switch
        {
            "UNAUTHORIZED" => "authentication required",
            "DENIED" => "requested access to the resource is denied",
            "MANIFEST_UNKNOWN" => "manifest unknown",
            _ => $"the registry answered {(int)response.StatusCode} {response.ReasonPhrase}",
        };
        return new RegistryException(response.StatusCode, code, $"{code.ToLowerInvariant().Replace('_', ' ')}: {Printable(message)}");
    }

    /// <summary>What a pull says when the registry refused.</summary>
    public static EngineException Pulling(ImageReference reference, RegistryException error) => error.Code switch
    {
        "DENIED" or "NO_CREDENTIALS" => new EngineException(ErrorKind.NotFound,
            $"pull access denied for {reference.FamiliarName}, repository does not exist or may require 'docker login': {error.Message}", error),
        "MANIFEST_UNKNOWN" or "NOT_FOUND" => new EngineException(ErrorKind.NotFound, $"manifest for {reference.Familiar} not found: {error.Message}", error),
        "NAME_UNKNOWN" => new EngineException(ErrorKind.NotFound, $"repository {reference.FamiliarName} not found: {error.Message}", error),
        "UNAUTHORIZED" => new EngineException(ErrorKind.Unauthorized, $"Cannot pull {reference.Familiar}: {error.Message}", error),
        "TOOMANYREQUESTS" => new EngineException(ErrorKind.Unavailable, error.Message, error),
        _ => new EngineException(ErrorKind.Internal, $"The registry {reference.Domain} did not give {reference.Familiar}: {error.Message}", error),
    };

    /// <summary>What a push, a login or an inquiry says.</summary>
    public static EngineException Other(RegistryException error) => new(error.Status switch
    {
        HttpStatusCode.Unauthorized => ErrorKind.Unauthorized,
        HttpStatusCode.Forbidden => ErrorKind.Forbidden,
        HttpStatusCode.NotFound => ErrorKind.NotFound,
        _ => ErrorKind.Internal,
    }, error.Message, error);

    // Someone else's words go to a terminal.
    private static string Printable(string text)
    {
        text = new string([.. text.Where(c => !char.IsControl(c))]);
        return text.Length <= 500 ? text : text[..500] + "…";
    }
}

internal sealed record RegistryErrorBody(List<RegistryErrorItem>? Errors);

internal sealed record RegistryErrorItem(string? Code, string? Message);

internal sealed record TokenBody
{
    public string? Token { get; set; }
    [JsonPropertyName("access_token")] public string? AccessToken { get; set; }
    [JsonPropertyName("expires_in")] public int ExpiresIn { get; set; }
}

internal sealed record SearchBody(List<FoundRepository>? Results);

internal sealed record TagsBody(List<string>? Tags);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, MaxDepth = 16)]
[JsonSerializable(typeof(RegistryErrorBody))]
[JsonSerializable(typeof(TokenBody))]
[JsonSerializable(typeof(TagsBody))]
[JsonSerializable(typeof(SearchBody))]
internal sealed partial class RegistryErrorJson : JsonSerializerContext;

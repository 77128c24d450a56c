using System.Text.Json.Serialization;
using Yun.Oci;

namespace Yun.RegistryApi;

internal sealed record ErrorBody(IReadOnlyList<ErrorItem> Errors);

internal sealed record ErrorItem(string Code, string Message, string? Detail);

internal sealed record CatalogBody(IReadOnlyList<string> Repositories);

internal sealed record TagsBody(string Name, IReadOnlyList<string> Tags);

/// <summary>What <c>docker search</c> asks an index for (Docker's registry API v1, the one part of it that is still in use).</summary>
internal sealed record SearchBody([property: JsonPropertyName("num_results")] int Count, string Query, IReadOnlyList<SearchItem> Results);

internal sealed record SearchItem(string Name, string Description, [property: JsonPropertyName("star_count")] int Stars,
    [property: JsonPropertyName("is_official")] bool IsOfficial, [property: JsonPropertyName("is_automated")] bool IsAutomated);

/// <summary>Both names are in use for the same: the older one is Docker's, the other OAuth's.</summary>
internal sealed record TokenBody(string Token, [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("expires_in")] int ExpiresIn, [property: JsonPropertyName("issued_at")] string IssuedAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(CatalogBody))]
[JsonSerializable(typeof(TagsBody))]
[JsonSerializable(typeof(TokenBody))]
[JsonSerializable(typeof(SearchBody))]
[JsonSerializable(typeof(ImageIndex))]
internal sealed partial class RegistryJson : JsonSerializerContext;

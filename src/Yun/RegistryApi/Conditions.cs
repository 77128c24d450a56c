using Yun.Oci;

namespace Yun.RegistryApi;

/// <summary>Conditional requests: content is its own entity tag.</summary>
internal static class Conditions
{
    public static bool IsUnchanged(HttpRequest request, Digest digest) => request.Headers.IfNoneMatch.Any(header => header is not null
        && header.Split(',').Any(tag => tag.Trim() is var asked && (asked == "*" || asked.Trim('"') == digest.ToString() || (asked.StartsWith("W/", StringComparison.Ordinal) && asked[2..].Trim('"') == digest.ToString()))));
}

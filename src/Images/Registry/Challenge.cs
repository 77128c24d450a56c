using System.Net.Http.Headers;

namespace Yun.Images.Registry;

/// <summary>How a registry wants to be convinced: <c>WWW-Authenticate: Bearer realm="…",service="…",scope="…"</c>, or Basic.</summary>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public string? this[string name] => Parameters.GetValueOrDefault(name);

    public static Challenge? Of(HttpResponseMessage response)
    {
        var offered = response.Headers.WwwAuthenticate.ToList();
        var chosen = offered.Find(header => Is(header, "Bearer")) ?? offered.Find(header => Is(header, "Basic"));
        return chosen is null ? null : new Challenge(chosen.Scheme.ToLowerInvariant(), Parse(chosen.Parameter ?? ""));
    }

    /// <summary>Names and values divided by commas; values quoted or not (RFC 9110, 11.2).</summary>
    public static IReadOnlyDictionary<string, string> Parse(string text)
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var at = 0; at < text.Length;)
        {
            var equals = text.IndexOf('=', at);
            if (equals < 0) break;
            var name = text[at..equals].Trim(' ', ',', '\t');
            at = equals + 1;
            var value = new System.Text.StringBuilder();
            if (at < text.Length && text[at] == '"')
            {
                for (at++; at < text.Length && text[at] != '"'; at++)
                {
                    if (text[at] == '\\' && at + 1 < text.Length) at++;
                    value.Append(text[at]);
                }
                at++;
            }
            else
            {
                for (; at < text.Length && text[at] != ','; at++) value.Append(text[at]);
            }
            if (name.Length > 0) found.TryAdd(name, value.ToString().Trim());
        }
        return found;
    }

    private static bool Is(AuthenticationHeaderValue header, string scheme) => header.Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase);
}

namespace Yun.Commands.Api;

/// <summary>The <c>--filter name=value</c> of lists and prunes; the option has seen to it that each is one, or empty.</summary>
public static class Filters
{
    public static Dictionary<string, Dictionary<string, bool>> Parse(IEnumerable<string> texts)
    {
        Dictionary<string, Dictionary<string, bool>> filters = [];
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) continue;
            filters.With(text[..equals].Trim().ToLowerInvariant(), text[(equals + 1)..].Trim());
        }
        return filters;
    }

    public static Dictionary<string, Dictionary<string, bool>> With(this Dictionary<string, Dictionary<string, bool>> filters, string name, string value)
    {
        if (!filters.TryGetValue(name, out var values)) filters[name] = values = [];
        values[value] = true;
        return filters;
    }
}

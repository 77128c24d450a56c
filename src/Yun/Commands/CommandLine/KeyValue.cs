namespace Yun.Commands.CommandLine;

/// <summary><c>key=value</c>, as labels, options and variables are given.</summary>
public static class KeyValue
{
    /// <summary>Without an equals sign the value is empty.</summary>
    public static KeyValuePair<string, string> Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? new(text, "") : new(text[..equals], text[(equals + 1)..]);
    }

    /// <summary>The last value of a key counts; null when there are none.</summary>
    public static Dictionary<string, string>? ToMap(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        Dictionary<string, string>? map = null;
        foreach (var (key, value) in pairs) (map ??= [])[key] = value;
        return map;
    }

    public static Dictionary<string, string>? ToMap(IEnumerable<string> texts) => ToMap(texts.Select(Parse));
}

namespace Yun.Commands.Format;

/// <summary>Ids and texts cut to fit a column.</summary>
public static class Shortened
{
    private const int IdLength = 12;

    /// <summary>The first twelve digits, without the algorithm in front.</summary>
    public static string Id(string id)
    {
        var colon = id.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0) id = id[(colon + 1)..];
        return id.Length > IdLength ? id[..IdLength] : id;
    }

    /// <summary>At most <paramref name="length"/> characters, the last of which says that there were more.</summary>
    public static string Text(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}

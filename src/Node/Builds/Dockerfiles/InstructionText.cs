namespace Yun.Node.Builds.Dockerfiles;

/// <summary>One instruction as it stands in the file: its lines joined, comments gone, the here-documents beside it.</summary>
/// <param name="Line">Where it begins, counted from 1.</param>
public sealed record InstructionText(string Text, int Line, IReadOnlyList<HereDocument> Documents)
{
    /// <summary>The first word, as written.</summary>
    public string Keyword { get; } = FirstWord(Text);

    /// <summary>Everything after the keyword, without the blanks around it.</summary>
    public string Rest { get; } = Text.TrimStart()[FirstWord(Text).Length..].Trim();

    private static string FirstWord(string text)
    {
        var trimmed = text.AsSpan().TrimStart();
        var end = 0;
        while (end < trimmed.Length && !char.IsWhiteSpace(trimmed[end])) end++;
        return trimmed[..end].ToString();
    }
}

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>One instruction as it stands in the file: its lines joined, comments gone, the here-documents beside it.</summary>
/// <param name="Line">Where it begins, counted from 1.</param>
public sealed record InstructionText(string Text, int Line, IReadOnlyList<HereDocument> Documents)
{
    /// <summary>The lines that it was joined from, in their order.</summary>
    public IReadOnlyList<TextPart> Parts { get; init; } = [new(0, new TextPlace(Line, 1))];

    /// <summary>The first word, as written.</summary>
    public string Keyword { get; } = FirstWord(Text);

    /// <summary>Everything after the keyword, without the blanks around it.</summary>
    public string Rest { get; } = Text.TrimStart()[FirstWord(Text).Length..].Trim();

    /// <summary>The instruction that is this one's argument.</summary>
    public InstructionText Trigger()
    {
        var offset = Text.IndexOf(Rest, Text.IndexOf(Keyword, StringComparison.Ordinal) + Keyword.Length, StringComparison.Ordinal);
        return new InstructionText(Rest, Line, Documents) { Parts = [new(0, PlaceOf(offset)), .. Parts.Where(p => p.Offset > offset).Select(p => p with { Offset = p.Offset - offset })] };
    }

    /// <summary>Where a character of <see cref="Text"/> stands in the file.</summary>
    public TextPlace PlaceOf(int offset)
    {
        var part = Parts.Last(p => p.Offset <= offset || p.Offset == 0);
        return part.Place with { Column = part.Place.Column + offset - part.Offset };
    }

    /// <summary>Where a word of the arguments stands; where the instruction begins, when it is not there as it is given.</summary>
    public TextPlace PlaceOf(string word)
    {
        var start = Text.Length - Text.TrimStart().Length + Keyword.Length;
        for (var at = start; word.Length > 0 && (at = Text.IndexOf(word, at, StringComparison.Ordinal)) >= 0; at++)
            if (char.IsWhiteSpace(Text[at - 1]) || Text[at - 1] is '=' or ',' or '[' or '"') return PlaceOf(at);
        return PlaceOf(0);
    }

    /// <summary>Right behind the last character, where something is missing.</summary>
    public TextPlace End() => PlaceOf(Text.TrimEnd().Length);

    private static string FirstWord(string text)
    {
        var trimmed = text.AsSpan().TrimStart();
        var end = 0;
        while (end < trimmed.Length && !char.IsWhiteSpace(trimmed[end])) end++;
        return trimmed[..end].ToString();
    }
}

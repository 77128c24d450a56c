namespace Yun.Node.Builds.Dockerfiles;

/// <summary>A Dockerfile that cannot be understood.</summary>
/// <param name="place">The character that is wrong, as near as is known.</param>
/// <param name="problem">What is wrong there and, where it is not plain, what was expected.</param>
public sealed class DockerfileException(TextPlace place, string problem) : Exception(Sentence(place, problem))
{
    private const int ExcerptLengthMax = 160;

    /// <summary>The instruction that begins on that line, as a whole.</summary>
    public DockerfileException(int line, string problem) : this(new TextPlace(line, line > 0 ? 1 : 0), problem)
    {
    }

    public TextPlace Place { get; } = place;

    public int Line => Place.Line;

    public string Problem { get; } = problem;

    /// <summary>The sentence with the place as editors read it: <c>… (Dockerfile:3:6)</c>.</summary>
    public string In(string file) => Line > 0 ? $"{Message} ({file}:{Place.Line}:{Place.Column})" : $"{Message} ({file})";

    /// <summary>The whole file, once somebody has said what it is.</summary>
    public string? FileText { get; set; }

    /// <summary>The line of the file with a mark under the place; empty when it is not known.</summary>
    public string Excerpt()
    {
        if (Line <= 0 || FileText is null) return "";
        var lines = FileText.TrimStart('\uFEFF').Split('\n');
        if (Line > lines.Length) return "";
        var line = lines[Line - 1].TrimEnd('\r').Replace('\t', ' ');
        var column = Math.Clamp(Place.Column, 1, line.Length + 1);
        var cut = Math.Max(0, column - (ExcerptLengthMax / 2));
        var shown = new string([.. line.Skip(cut).Take(ExcerptLengthMax).Select(c => char.IsControl(c) ? '?' : c)]);
        var margin = Line.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return $"  {margin} | {shown}\n  {new string(' ', margin.Length)} | {new string(' ', column - cut - 1)}^";
    }

    private static string Sentence(TextPlace place, string problem) =>
        place.Line > 0 ? $"dockerfile parse error on line {place.Line}: {problem}" : $"dockerfile parse error: {problem}";
}

using Yun.Archives.Paths;

namespace Yun.Node.Builds.Patterns;

/// <summary>A <c>.dockerignore</c> file: what is not part of the context. A later line overrules an earlier one; <c>!</c> takes back in.</summary>
public sealed class IgnoreList
{
    private readonly List<(PathPattern Pattern, bool TakesBack)> _lines = [];

    public static IgnoreList Empty { get; } = new();

    /// <summary>Some line takes paths back in, so a folder that is ignored may still hold files that are not.</summary>
    public bool TakesBack => _lines.Exists(l => l.TakesBack);

    public bool IsEmpty => _lines.Count == 0;

    /// <param name="file">The name of the file, for errors.</param>
    /// <exception cref="FormatException">A pattern is malformed.</exception>
    public static IgnoreList Parse(string text, string file = ".dockerignore")
    {
        var list = new IgnoreList();
        var number = 0;
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            if (raw.StartsWith('#')) continue; // only in the first column, as Docker has it
            var line = raw.Trim();
            if (line.Length == 0) continue;
            try
            {
                list.Add(line);
            }
            catch (FormatException error)
            {
                throw new FormatException($"{file} line {number}: {error.Message}");
            }
        }
        return list;
    }

    /// <summary>Whether the path, or a folder it lies in, is left out.</summary>
    /// <param name="path">Relative to the context, with slashes.</param>
    public bool IsIgnored(string path)
    {
        var ignored = false;
        foreach (var (pattern, takesBack) in _lines)
            if (takesBack == ignored && MatchesPathOrFolder(pattern, path)) ignored = !takesBack;
        return ignored;
    }

    public void Add(string line)
    {
        var takesBack = line.StartsWith('!');
        if (takesBack) line = line[1..].Trim();
        if (takesBack && line.Length == 0) throw new FormatException("illegal exclusion pattern: \"!\"");
        _lines.Add((PathPattern.Parse(CleanPath.Of(line).TrimStart('/'), doubleStars: true), takesBack));
    }

    private static bool MatchesPathOrFolder(PathPattern pattern, string path)
    {
        if (pattern.IsMatch(path)) return true;
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
            if (pattern.IsMatch(path.AsSpan(0, slash))) return true;
        return false;
    }
}

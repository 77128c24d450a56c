namespace Yun.Node.Builds.Patterns;

public sealed partial class PathPattern
{
    /// <param name="doubleStars"><c>**</c> means any number of folders; otherwise it is the same as <c>*</c>.</param>
    /// <exception cref="FormatException">A bracket or backslash is not closed.</exception>
    public static PathPattern Parse(string pattern, bool doubleStars)
    {
        var tokens = new List<Token>();
        var literal = true;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c is '*' or '?' or '[') literal = false;
            if (c == '*' && doubleStars && i + 1 < pattern.Length && pattern[i + 1] == '*')
            {
                DoubleStar(pattern, ref i, tokens);
                continue;
            }
            tokens.Add(c switch
            {
                '*' => new Token(Kind.NameRest),
                '?' => new Token(Kind.AnyInName),
                '[' => Class(pattern, ref i),
                '\\' => new Token(Kind.Literal, i + 1 < pattern.Length ? pattern[++i] : throw Bad(pattern)),
                _ => new Token(Kind.Literal, c),
            });
        }
        return new PathPattern([.. tokens], literal);
    }

    // "**/" is any number of folders, also none. At the end, ** is everything. At the very beginning and followed by plain text, as in
    // "**.log", moby compares the end of the path only, so it stands for any text there.
    private static void DoubleStar(string pattern, ref int i, List<Token> tokens)
    {
        var first = i == 0;
        i++;
        var slash = i + 1 < pattern.Length && pattern[i + 1] == '/';
        if (slash) i++;
        var end = i + 1 == pattern.Length;
        var anyText = first && !slash && pattern.AsSpan(i + 1).IndexOfAny("*?[\\") < 0;
        tokens.Add(new Token(end || anyText ? Kind.Anything : Kind.Folders));
    }

    private static Token Class(string pattern, ref int i)
    {
        var ranges = new List<(char, char)>();
        i++;
        var negated = i < pattern.Length && pattern[i] == '^';
        if (negated) i++;
        while (i < pattern.Length && (pattern[i] != ']' || ranges.Count == 0))
        {
            var from = Character(pattern, ref i);
            var to = from;
            if (i < pattern.Length && pattern[i] == '-')
            {
                i++;
                to = Character(pattern, ref i);
            }
            ranges.Add((from, to));
        }
        return i < pattern.Length ? new Token(Kind.Class, Negated: negated, Ranges: ranges) : throw Bad(pattern);
    }

    private static char Character(string pattern, ref int i)
    {
        if (i >= pattern.Length || pattern[i] is '-' or ']') throw Bad(pattern);
        if (pattern[i] == '\\' && ++i >= pattern.Length) throw Bad(pattern);
        return pattern[i++];
    }

    private static FormatException Bad(string pattern) => new($"syntax error in pattern '{pattern}'");
}

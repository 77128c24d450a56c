using System.Text;

namespace Yun.Node.Builds.Patterns;

/// <summary>
/// A pattern over slash-separated paths: <c>*</c> and <c>?</c> stay inside one name, <c>[a-z]</c> and <c>[^a-z]</c> are one character, a backslash
/// takes the meaning away. As Go's <c>filepath.Match</c> for COPY; with <c>**</c> for any number of folders as <c>.dockerignore</c> has it.
/// </summary>
public sealed partial class PathPattern
{
    private enum Kind { Literal, AnyInName, NameRest, Folders, Anything, Class }

    private readonly record struct Token(Kind Kind, char Character = '\0', bool Negated = false, IReadOnlyList<(char From, char To)>? Ranges = null)
    {
        public bool Accepts(char c) => Kind switch
        {
            Kind.Literal => c == Character,
            Kind.AnyInName => c != '/',
            _ => Ranges!.Any(r => c >= r.From && c <= r.To) != Negated,
        };
    }

    private readonly Token[] _tokens;

    private PathPattern(Token[] tokens, bool isLiteral) => (_tokens, IsLiteral) = (tokens, isLiteral);

    /// <summary>Nothing in it is special, so it names one path.</summary>
    public bool IsLiteral { get; }

    public static bool HasWildcards(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] is '*' or '?' or '[') return true;
        }
        return false;
    }

    // Every position the pattern can be at is followed at once: no pattern, however made, takes more than path times pattern steps.
    // A position is 2t before token t, and 2t+1 inside a Folders token that has begun and must end with a slash.
    public bool IsMatch(ReadOnlySpan<char> path)
    {
        var at = new bool[(_tokens.Length * 2) + 2];
        Enter(at, 0);
        foreach (var c in path)
        {
            var next = new bool[at.Length];
            for (var t = 0; t < _tokens.Length; t++)
            {
                var kind = _tokens[t].Kind;
                if (kind == Kind.Folders && (at[2 * t] || at[(2 * t) + 1]))
                {
                    next[(2 * t) + 1] = true;
                    if (c == '/') Enter(next, t + 1);
                }
                if (!at[2 * t]) continue;
                if (kind == Kind.Anything || (kind == Kind.NameRest && c != '/')) Enter(next, t);
                else if (kind is not (Kind.Folders or Kind.NameRest) && _tokens[t].Accepts(c)) Enter(next, t + 1);
            }
            at = next;
        }
        return at[2 * _tokens.Length];
    }

    private void Enter(bool[] at, int token)
    {
        for (; token <= _tokens.Length; token++)
        {
            at[2 * token] = true;
            if (token == _tokens.Length || _tokens[token].Kind is not (Kind.Folders or Kind.NameRest or Kind.Anything)) return;
        }
    }
}

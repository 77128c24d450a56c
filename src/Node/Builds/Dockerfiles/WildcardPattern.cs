using System.Text;
using Yun.Protocol;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>A shell pattern of <c>${x#…}</c> and its kin: <c>*</c>, <c>?</c>, a backslash before one of them or before <c>/</c> or <c>}</c>; no brackets.</summary>
internal sealed class WildcardPattern
{
    private const int ReplaceLengthMax = 1 << 16;

    private readonly record struct Token(char Character, bool IsAny, bool IsStar);

    private readonly Token[] _tokens;

    private WildcardPattern(Token[] tokens) => _tokens = tokens;

    public static WildcardPattern Parse(string pattern)
    {
        var tokens = new List<Token>();
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '*')
            {
                if (tokens.Count == 0 || !tokens[^1].IsStar) tokens.Add(new Token(c, false, true));
                continue;
            }
            var escaped = c == '\\' && i + 1 < pattern.Length;
            if (escaped)
            {
                c = pattern[++i];
                if (c is not ('*' or '?' or '\\' or '/' or '}'))
                    throw new EngineException(ErrorKind.InvalidArgument, $"invalid pattern ({pattern}) in substitution: invalid escape '\\{c}'");
            }
            tokens.Add(new Token(c, c == '?' && !escaped, false));
        }
        return new WildcardPattern([.. tokens]);
    }

    /// <summary>How much of the beginning matches; null when nothing does.</summary>
    public int? PrefixLength(ReadOnlySpan<char> value, bool longest)
    {
        // All positions the pattern can be at are followed at once, so no pattern takes more than value times pattern steps.
        var at = new bool[_tokens.Length + 1];
        at[0] = true;
        PassStars(at);
        int? found = at[^1] ? 0 : null;
        for (var i = 0; i < value.Length && (longest || found is null); i++)
        {
            var next = new bool[at.Length];
            var alive = false;
            for (var t = 0; t < _tokens.Length; t++)
            {
                if (!at[t]) continue;
                if (_tokens[t].IsStar) next[t] = alive = true;
                else if (_tokens[t].IsAny || _tokens[t].Character == value[i]) next[t + 1] = alive = true;
            }
            if (!alive) break;
            PassStars(next);
            at = next;
            if (at[^1]) found = i + 1;
        }
        return found;
    }

    /// <summary>How much of the end matches; null when nothing does.</summary>
    public int? SuffixLength(string value, bool longest)
    {
        var reversed = value.ToCharArray();
        Array.Reverse(reversed);
        return new WildcardPattern([.. _tokens.Reverse()]).PrefixLength(reversed, longest);
    }

    /// <summary>The first (or every) longest match replaced.</summary>
    public string Replace(string value, string replacement, bool everywhere)
    {
        if (value.Length > ReplaceLengthMax)
            throw new EngineException(ErrorKind.InvalidArgument, $"a value of more than {ReplaceLengthMax} characters cannot be searched for a pattern");
        var result = new StringBuilder();
        for (var i = 0; i < value.Length;)
        {
            if (PrefixLength(value.AsSpan(i), longest: true) is not (> 0 and var length))
            {
                result.Append(value[i++]);
                continue;
            }
            result.Append(replacement);
            i += length;
            if (everywhere) continue;
            result.Append(value, i, value.Length - i);
            break;
        }
        return result.ToString();
    }

    private void PassStars(bool[] at)
    {
        for (var t = 0; t < _tokens.Length; t++)
            if (at[t] && _tokens[t].IsStar) at[t + 1] = true;
    }
}

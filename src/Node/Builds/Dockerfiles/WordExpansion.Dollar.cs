namespace Yun.Node.Builds.Dockerfiles;

public sealed partial class WordExpansion
{
    private string Dollar()
    {
        _at++;
        if (Peek() != '{')
        {
            var plain = Name();
            if (plain.Length == 0) return "$";
            _taken.Add(plain);
            return _variables.TryGetValue(plain, out var found) ? found : KeepsUnset ? "$" + plain : "";
        }
        var start = _at - 1;
        _at++;
        if (_at >= _text.Length) throw new ExpansionFailure("syntax error: missing '}'");
        if (Peek() is '{' or '}' or ':') throw new ExpansionFailure("syntax error: bad substitution");
        var name = Name();
        var set = _variables.TryGetValue(name, out var value);
        value ??= "";
        if (++_depth > DepthMax) throw new ExpansionFailure($"more than {DepthMax} substitutions inside one another");
        var result = Modified(name, set, value);
        _depth--;
        return !set && KeepsUnset ? _text[start.._at] : result;
    }

    private string Modified(string name, bool set, string value)
    {
        var modifier = _at < _text.Length ? _text[_at++] : throw new ExpansionFailure("syntax error: missing '}'");
        if (modifier == '}')
        {
            _taken.Add(name);
            return value;
        }
        if (modifier == '/') return Replaced(value);

        var shown = modifier.ToString();
        var emptyIsUnset = modifier == ':';
        if (emptyIsUnset)
        {
            modifier = _at < _text.Length ? _text[_at++] : throw new ExpansionFailure("syntax error: missing '}'");
            shown += modifier;
        }
        if (modifier is not ('-' or '+' or '?') && (emptyIsUnset || modifier is not ('#' or '%')))
            throw new ExpansionFailure($"unsupported modifier ({shown}) in substitution");

        var word = Until('}', keepEscapes: modifier is '#' or '%').Whole;
        var counts = set && !(emptyIsUnset && value.Length == 0);
        return modifier switch
        {
            '-' => counts ? value : word,
            '+' => counts ? word : "",
            '?' when counts || KeepsUnset => value,
            '?' => throw new ExpansionFailure($"{name}: {(word.Length > 0 ? word : set ? "is not allowed to be empty" : "is not allowed to be unset")}"),
            _ => Trimmed(value, word, modifier),
        };
    }

    private static string Trimmed(string value, string pattern, char modifier)
    {
        var longest = pattern.StartsWith(modifier);
        var wildcard = WildcardPattern.Parse(longest ? pattern[1..] : pattern);
        if (modifier == '#') return wildcard.PrefixLength(value, longest) is { } prefix ? value[prefix..] : value;
        return wildcard.SuffixLength(value, longest) is { } suffix ? value[..^suffix] : value;
    }

    private string Replaced(string value)
    {
        var everywhere = Peek() == '/';
        if (everywhere) _at++;
        var pattern = Until('/', keepEscapes: true).Whole;
        var replacement = Until('}', keepEscapes: false).Whole;
        return WildcardPattern.Parse(pattern).Replace(value, replacement, everywhere);
    }

    private bool KeepsUnset => _options.HasFlag(ExpansionOptions.KeepUnset);

    private char Peek() => _at < _text.Length ? _text[_at] : '\0';

    // Letters, digits and _; a number ends with its last digit; one of the shell's special parameters stands alone.
    private string Name()
    {
        var start = _at;
        if (char.IsAsciiDigit(Peek()))
        {
            while (char.IsAsciiDigit(Peek())) _at++;
        }
        else if (Peek() is '@' or '*' or '#' or '?' or '-' or '$' or '!')
        {
            _at++;
        }
        else
        {
            while (char.IsLetterOrDigit(Peek()) || Peek() == '_') _at++;
        }
        return _text[start.._at];
    }
}

using System.Text;

namespace Yun.Commands.Format.Templates;

/// <summary>Cuts a template into text and the tokens of its actions; <c>{{-</c> and <c>-}}</c> take the white space beside them along.</summary>
internal sealed class TemplateLexer(string source)
{
    private readonly List<Token> _tokens = [];
    private int _at;

    public static List<Token> Read(string source) => new TemplateLexer(source).Read();

    private List<Token> Read()
    {
        var trimNext = false;
        while (_at < source.Length)
        {
            var open = source.IndexOf("{{", _at, StringComparison.Ordinal);
            var text = open < 0 ? source[_at..] : source[_at..open];
            if (trimNext) text = text.TrimStart();
            _at = open < 0 ? source.Length : open + 2;
            var trimBefore = open >= 0 && _at + 1 < source.Length && source[_at] == '-' && char.IsWhiteSpace(source[_at + 1]);
            if (trimBefore)
            {
                text = text.TrimEnd();
                _at++;
            }
            if (text.Length > 0) _tokens.Add(new(TokenKind.Text, text));
            if (open >= 0) trimNext = ReadAction();
        }
        _tokens.Add(new(TokenKind.End, ""));
        return _tokens;
    }

    /// <returns>True when the text that follows is to lose its leading white space.</returns>
    private bool ReadAction()
    {
        if (source.AsSpan(_at).TrimStart().StartsWith("/*", StringComparison.Ordinal)) return SkipComment();
        _tokens.Add(new(TokenKind.Open, "{{"));
        while (true)
        {
            var before = _at;
            while (_at < source.Length && char.IsWhiteSpace(source[_at])) _at++;
            if (_at >= source.Length) throw new TemplateException("unclosed action");
            var trim = _at > before && source.AsSpan(_at).StartsWith("-}}", StringComparison.Ordinal);
            if (trim || source.AsSpan(_at).StartsWith("}}", StringComparison.Ordinal))
            {
                _at += trim ? 3 : 2;
                _tokens.Add(new(TokenKind.Close, "}}"));
                return trim;
            }
            _tokens.Add(ReadToken());
        }
    }

    private bool SkipComment()
    {
        var end = source.IndexOf("*/", _at, StringComparison.Ordinal);
        var close = end < 0 ? -1 : source.IndexOf("}}", end, StringComparison.Ordinal);
        if (close < 0) throw new TemplateException("unclosed comment");
        _at = close + 2;
        return source[close - 1] == '-';
    }

    private Token ReadToken()
    {
        var c = source[_at];
        switch (c)
        {
            case '|': _at++; return new(TokenKind.Pipe, "|");
            case '(': _at++; return new(TokenKind.LeftParen, "(");
            case ')': _at++; return new(TokenKind.RightParen, ")");
            case ',': _at++; return new(TokenKind.Comma, ",");
            case '=': _at++; return new(TokenKind.Assign, "=");
            case ':' when source.AsSpan(_at).StartsWith(":=", StringComparison.Ordinal): _at += 2; return new(TokenKind.Declare, ":=");
            case '"': return new(TokenKind.String, ReadQuoted());
            case '\'': return ReadCharacter();
            case '`':
                var end = source.IndexOf('`', _at + 1);
                if (end < 0) throw new TemplateException("unterminated raw quoted string");
                var raw = source[(_at + 1)..end];
                _at = end + 1;
                return new(TokenKind.String, raw);
            case '.' when _at + 1 >= source.Length || !IsWord(source[_at + 1]): _at++; return new(TokenKind.Dot, ".");
            case '.' when !char.IsAsciiDigit(source[_at + 1]): _at++; return ReadField();
            case '$': _at++; return new(TokenKind.Variable, "$" + ReadWord());
        }
        if (char.IsAsciiDigit(c) || c is '-' or '+' or '.') return ReadNumber();
        if (!IsWord(c)) throw new TemplateException($"unexpected \"{c}\" in operand");
        return ReadWord() switch
        {
            "true" => new(TokenKind.Bool, "true"),
            "false" => new(TokenKind.Bool, "false"),
            "nil" => new(TokenKind.Nil, "nil"),
            var word => new(TokenKind.Word, word),
        };
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private string ReadWord()
    {
        var start = _at;
        while (_at < source.Length && IsWord(source[_at])) _at++;
        return source[start.._at];
    }

    // ".A.B" is one value and ".A .B" two: a space in front marks a field that begins a value.
    private Token ReadField()
    {
        var begins = char.IsWhiteSpace(source[_at - 2]) || source[_at - 2] is '{' or '(' or '|' or ',' or '=';
        return new(TokenKind.Field, begins ? " " + ReadWord() : ReadWord());
    }

    private Token ReadNumber()
    {
        var start = _at++;
        while (_at < source.Length && (IsWord(source[_at]) || source[_at] == '.')) _at++;
        return new(TokenKind.Number, source[start.._at]);
    }

    private Token ReadCharacter()
    {
        var end = source.IndexOf('\'', _at + 1);
        if (end != _at + 2) throw new TemplateException("malformed character constant");
        var character = source[_at + 1];
        _at = end + 1;
        return new(TokenKind.Number, ((int)character).ToString());
    }

    private string ReadQuoted()
    {
        var text = new StringBuilder();
        for (_at++; _at < source.Length && source[_at] != '\n'; _at++)
        {
            if (source[_at] == '"')
            {
                _at++;
                return text.ToString();
            }
            if (source[_at] != '\\' || _at + 1 >= source.Length)
            {
                text.Append(source[_at]);
                continue;
            }
            text.Append(source[++_at] switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                '"' => '"',
                '\'' => '\'',
                _ => throw new TemplateException("invalid syntax"),
            });
        }
        throw new TemplateException("unterminated quoted string");
    }
}

using System.Text;

namespace Yun.DockerApi.Model;

/// <summary>What is wrong with a JSON text, in the words of Go's decoder, which clients and their tests know.</summary>
internal static class GoSyntax
{
    private const string Trailing = "unexpected content after JSON", Cut = "invalid JSON: unexpected EOF";

    /// <summary>Null when the text is one whole JSON value: what a type does not like about it is another matter.</summary>
    public static string? FaultOf(ReadOnlySpan<byte> text)
    {
        var open = new Stack<byte>();
        var at = Space(text, 0);
        while (true)
        {
            // At the place of a value.
            if (at == text.Length) return Cut;
            if (text[at] is (byte)'{' or (byte)'[')
            {
                var isObject = text[at] == '{';
                open.Push(text[at]);
                at = Space(text, at + 1);
                if (at == text.Length) return Cut;
                if (text[at] != (isObject ? '}' : ']'))
                {
                    if (isObject && Key(text, ref at) is { } fault) return fault;
                    continue;
                }
                open.Pop();
                at++;
            }
            else if (Scalar(text, ref at) is { } fault) return fault;
            // Behind a value: close what ends here, or go on to the next.
            while (true)
            {
                at = Space(text, at);
                if (open.Count == 0) return at == text.Length ? null : Trailing;
                if (at == text.Length) return Cut;
                var isObject = open.Peek() == '{';
                if (text[at] == (isObject ? '}' : ']'))
                {
                    open.Pop();
                    at++;
                    continue;
                }
                if (text[at] != ',') return Wrong(text[at], isObject ? "after object key:value pair" : "after array element");
                at = Space(text, at + 1);
                if (isObject && Key(text, ref at) is { } fault) return fault;
                break;
            }
        }
    }

    private static string? Key(ReadOnlySpan<byte> text, ref int at)
    {
        if (at == text.Length) return Cut;
        if (text[at] != '"') return Wrong(text[at], "looking for beginning of object key string");
        if (Quoted(text, ref at) is { } fault) return fault;
        at = Space(text, at);
        if (at == text.Length) return Cut;
        if (text[at] != ':') return Wrong(text[at], "after object key");
        at = Space(text, at + 1);
        return null;
    }

    private static string? Scalar(ReadOnlySpan<byte> text, ref int at)
    {
        if (text[at] == '"') return Quoted(text, ref at);
        foreach (var word in (ReadOnlySpan<string>)["true", "false", "null"])
        {
            if (text[at] != word[0]) continue;
            foreach (var letter in word)
            {
                if (at == text.Length) return Cut;
                if (text[at] != letter) return Wrong(text[at], $"in literal {word} (expecting '{letter}')");
                at++;
            }
            return null;
        }
        if (text[at] != '-' && !char.IsAsciiDigit((char)text[at])) return Wrong(text[at], "looking for beginning of value");
        for (at++; at < text.Length && (char.IsAsciiDigit((char)text[at]) || text[at] is (byte)'.' or (byte)'e' or (byte)'E' or (byte)'+' or (byte)'-');) at++;
        return null;
    }

    private static string? Quoted(ReadOnlySpan<byte> text, ref int at)
    {
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                at++;
                return null;
            }
            if (text[at] < 0x20) return Wrong(text[at], "in string literal");
            if (text[at] != '\\') continue;
            if (++at < text.Length && !"\"\\/bfnrtu"u8.Contains(text[at])) return Wrong(text[at], "in string escape code");
        }
        return Cut;
    }

    private static int Space(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') at++;
        return at;
    }

    private static string Wrong(byte found, string where) => $"invalid JSON: invalid character {Shown(found)} {where}";

    private static string Shown(byte found) => found switch
    {
        (byte)'\'' => "'\\''",
        (byte)'"' => "'\"'",
        (byte)'\n' => "'\\n'",
        (byte)'\r' => "'\\r'",
        (byte)'\t' => "'\\t'",
        < 0x20 => $"'\\x{found:x2}'",
        _ => $"'{Encoding.Latin1.GetString([found])}'",
    };
}

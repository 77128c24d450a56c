using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace Yun.Runtime.Spec;

internal enum JsonToken
{
    None,
    BeginObject,
    EndObject,
    BeginList,
    EndList,
    Name,
    Text,
    Number,
    True,
    False,
    Null,
}

/// <summary>The JSON is broken; where and why.</summary>
internal sealed class JsonException(int line, string message) : Exception($"the JSON is broken in line {line}: {message}");

/// <summary>
/// JSON as its tokens (RFC 8259), one after the other. System.Text.Json's reader does this too, and brings a tenth of this program's size with it
/// (docs/decisions/0004-size-of-the-runtime.md).
/// </summary>
internal ref struct JsonTokens(ReadOnlySpan<byte> json, int depthMax)
{
    private readonly ReadOnlySpan<byte> _json = json;
    private int _at;
    private int _depth;
    // Bit n says that the n-th level from outside is an object.
    private ulong _objects;
    private ReadOnlySpan<byte> _value;

    public JsonToken Token { get; private set; }

    private readonly bool IsInObject => _depth > 0 && (_objects >> (_depth - 1) & 1) != 0;

    /// <exception cref="JsonException">What comes next is not JSON.</exception>
    public void Next()
    {
        var before = Token;
        SkipBlanks();
        if (before == JsonToken.Name) Expect((byte)':');
        else if (_depth > 0 && before is not (JsonToken.BeginObject or JsonToken.BeginList) && Peek() is not ((byte)'}' or (byte)']'))
        {
            Expect((byte)',');
            if (Peek() is (byte)'}' or (byte)']') throw Broken("a comma with nothing after it");
        }
        var first = Peek();
        if (IsInObject && before != JsonToken.Name)
        {
            if (first == '}') End(JsonToken.EndObject);
            else if (first == '"') Quoted(JsonToken.Name);
            else throw Broken("a name in quotes is expected");
        }
        else if (first == ']' && _depth > 0 && !IsInObject) End(JsonToken.EndList);
        else Value(first);
    }

    /// <summary>Passes over the value that begins here.</summary>
    public void Skip()
    {
        if (Token is not (JsonToken.BeginObject or JsonToken.BeginList)) return;
        var depth = _depth;
        while (_depth >= depth) Next();
    }

    /// <summary>A name or text without its quotes and escapes.</summary>
    public readonly string GetText()
    {
        if (!_value.Contains((byte)'\\')) return Utf8.IsValid(_value) ? Encoding.UTF8.GetString(_value) : throw Broken("a text is not UTF-8");
        var text = new StringBuilder(_value.Length);
        for (var rest = _value; !rest.IsEmpty;)
        {
            var plain = rest.IndexOf((byte)'\\');
            if (plain < 0) plain = rest.Length;
            if (!Utf8.IsValid(rest[..plain])) throw Broken("a text is not UTF-8");
            text.Append(Encoding.UTF8.GetString(rest[..plain]));
            rest = rest[plain..];
            if (!rest.IsEmpty) rest = rest[Unescape(rest, text)..];
        }
        return text.ToString();
    }

    /// <summary>A number as it is written.</summary>
    public readonly string GetNumber() => Encoding.ASCII.GetString(_value);

    public readonly bool TryGetInt64(out long value) => Utf8Parser.TryParse(_value, out value, out var length) && length == _value.Length;

    public readonly bool TryGetUInt64(out ulong value) => Utf8Parser.TryParse(_value, out value, out var length) && length == _value.Length;

    private void Value(byte first)
    {
        switch (first)
        {
            case (byte)'{': Begin(JsonToken.BeginObject, isObject: 1); break;
            case (byte)'[': Begin(JsonToken.BeginList, isObject: 0); break;
            case (byte)'"': Quoted(JsonToken.Text); break;
            case (byte)'t': Word("true"u8, JsonToken.True); break;
            case (byte)'f': Word("false"u8, JsonToken.False); break;
            case (byte)'n': Word("null"u8, JsonToken.Null); break;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'): Number(); break;
            default: throw Broken("a value is expected");
        }
    }

    private void Begin(JsonToken token, ulong isObject)
    {
        if (_depth == depthMax) throw Broken($"there are more than {depthMax} levels");
        _objects = _objects & ~(1UL << _depth) | isObject << _depth;
        _depth++;
        _at++;
        Token = token;
    }

    private void End(JsonToken token)
    {
        _depth--;
        _at++;
        Token = token;
    }

    private void Quoted(JsonToken token)
    {
        var start = ++_at;
        for (; Peek() != '"'; _at++)
        {
            if (_json[_at] < 0x20) throw Broken("a text has a control character in it");
            if (_json[_at] == '\\') _at++;
        }
        _value = _json[start.._at++];
        Token = token;
    }

    private void Word(ReadOnlySpan<byte> word, JsonToken token)
    {
        if (!_json[_at..].StartsWith(word)) throw Broken("a value is expected");
        _at += word.Length;
        Token = token;
    }

    // -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
    private void Number()
    {
        var start = _at;
        if (_json[_at] == '-') _at++;
        if (_at < _json.Length && _json[_at] == '0') _at++;
        else Digits();
        if (_at < _json.Length && _json[_at] == '.')
        {
            _at++;
            Digits();
        }
        if (_at < _json.Length && _json[_at] is (byte)'e' or (byte)'E')
        {
            _at++;
            if (_at < _json.Length && _json[_at] is (byte)'+' or (byte)'-') _at++;
            Digits();
        }
        _value = _json[start.._at];
        Token = JsonToken.Number;
    }

    private void Digits()
    {
        var start = _at;
        while (_at < _json.Length && _json[_at] is >= (byte)'0' and <= (byte)'9') _at++;
        if (_at == start) throw Broken("a digit is expected");
    }

    // Takes one escape, or two that make one character, and says how long it was.
    private readonly int Unescape(ReadOnlySpan<byte> text, StringBuilder into)
    {
        switch (text[1])
        {
            case (byte)'"' or (byte)'\\' or (byte)'/': into.Append((char)text[1]); return 2;
            case (byte)'b': into.Append('\b'); return 2;
            case (byte)'f': into.Append('\f'); return 2;
            case (byte)'n': into.Append('\n'); return 2;
            case (byte)'r': into.Append('\r'); return 2;
            case (byte)'t': into.Append('\t'); return 2;
            case (byte)'u': break;
            default: throw Broken($"there is no escape \\{(char)text[1]}");
        }
        var unit = Unit(text);
        if (!char.IsSurrogate(unit))
        {
            into.Append(unit);
            return 6;
        }
        if (!char.IsHighSurrogate(unit) || text.Length < 12 || text[6] != '\\' || text[7] != 'u' || !char.IsLowSurrogate(Unit(text[6..]))) throw Broken("an escape is half a character");
        into.Append(unit).Append(Unit(text[6..]));
        return 12;
    }

    private readonly char Unit(ReadOnlySpan<byte> escape)
    {
        var unit = 0;
        for (var i = 2; i < 6; i++)
        {
            var digit = i < escape.Length && char.IsAsciiHexDigit((char)escape[i]) ? escape[i] : throw Broken("\\u needs four hexadecimal digits");
            unit = unit << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }
        return (char)unit;
    }

    private void Expect(byte sign)
    {
        if (Peek() != sign) throw Broken($"'{(char)sign}' is expected");
        _at++;
        SkipBlanks();
    }

    private void SkipBlanks()
    {
        while (_at < _json.Length && _json[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') _at++;
    }

    private readonly byte Peek() => _at < _json.Length ? _json[_at] : throw Broken("it ends too early");

    private readonly JsonException Broken(string message) => new(_json[..Math.Min(_at, _json.Length)].Count((byte)'\n') + 1, message);
}

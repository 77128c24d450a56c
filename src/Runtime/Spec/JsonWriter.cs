using System.Text;

namespace Yun.Runtime.Spec;

/// <summary>Writes JSON, with the words of System.Text.Json's writer, which is too large for this program.</summary>
internal sealed class JsonWriter(bool indented = false)
{
    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _isFirst = true;

    public byte[] Bytes => Encoding.UTF8.GetBytes(_text.ToString());

    public override string ToString() => _text.ToString();

    public void WriteStartObject(string? name = null) => Begin(name, '{');

    public void WriteEndObject() => End('}');

    public void WriteStartArray(string? name = null) => Begin(name, '[');

    public void WriteEndArray() => End(']');

    public void WriteString(string name, string? value)
    {
        Next(name);
        Value(value);
    }

    public void WriteStringValue(string? value)
    {
        Next(null);
        Value(value);
    }

    public void WriteNumber(string name, long value)
    {
        Next(name);
        _text.Append(value);
    }

    public void WriteNumber(string name, ulong value)
    {
        Next(name);
        _text.Append(value);
    }

    public void WriteNumberValue(ulong value)
    {
        Next(null);
        _text.Append(value);
    }

    public void WriteBoolean(string name, bool value)
    {
        Next(name);
        _text.Append(value ? "true" : "false");
    }

    private void Begin(string? name, char bracket)
    {
        Next(name);
        _text.Append(bracket);
        _depth++;
        _isFirst = true;
    }

    private void End(char bracket)
    {
        _depth--;
        if (!_isFirst) Break();
        _text.Append(bracket);
        _isFirst = false;
    }

    private void Next(string? name)
    {
        if (!_isFirst) _text.Append(',');
        if (_depth > 0) Break();
        _isFirst = false;
        if (name is null) return;
        Quote(name);
        _text.Append(indented ? ": " : ":");
    }

    private void Break()
    {
        if (indented) _text.Append('\n').Append(' ', 2 * _depth);
    }

    private void Value(string? value)
    {
        if (value is null) _text.Append("null");
        else Quote(value);
    }

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (var character in value)
        {
            if (character is '"' or '\\') _text.Append('\\').Append(character);
            else if (character == '\n') _text.Append("\\n");
            else if (character < ' ') _text.Append("\\u00").Append(HexDigit(character >> 4)).Append(HexDigit(character & 15));
            else _text.Append(character);
        }
        _text.Append('"');
    }

    private static char HexDigit(int value) => (char)(value < 10 ? '0' + value : 'a' + value - 10);
}

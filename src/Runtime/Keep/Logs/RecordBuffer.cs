using System.Text;

namespace Yun.Runtime.Keep.Logs;

/// <summary>Encodes lines as records of Docker's json-file log. One is enough for all logs, since it is empty between two of them.</summary>
internal sealed class RecordBuffer
{
    private const int KeepBytesMax = 1 << 20;

    private byte[] _bytes = new byte[64 << 10];
    private int _count;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _count);

    public int Count => _count;

    public void Clear()
    {
        _count = 0;
        if (_bytes.Length > KeepBytesMax) _bytes = new byte[64 << 10];
    }

    /// <param name="endsLine">The line's newline belongs to it; without, it is a part of a longer one.</param>
    /// <param name="attributes">A JSON object, or empty.</param>
    /// <param name="time">In RFC 3339.</param>
    public void Append(ReadOnlySpan<byte> line, bool endsLine, ReadOnlySpan<byte> stream, ReadOnlySpan<byte> attributes, ReadOnlySpan<byte> time)
    {
        // A byte becomes six at most.
        Reserve(line.Length * 6 + attributes.Length + 128);
        Raw("{\"log\":\""u8);
        Escaped(line);
        if (endsLine) Raw("\\n"u8);
        Raw("\",\"stream\":\""u8);
        Raw(stream);
        if (!attributes.IsEmpty)
        {
            Raw("\",\"attrs\":"u8);
            Raw(attributes);
            Raw(",\"time\":\""u8);
        }
        else Raw("\",\"time\":\""u8);
        Raw(time);
        Raw("\"}\n"u8);
    }

    /// <summary>A JSON object of texts, as Go writes one: keys in order.</summary>
    public static byte[] Encode(Dictionary<string, string>? attributes)
    {
        if (attributes is null || attributes.Count == 0) return [];
        var buffer = new RecordBuffer();
        var keys = new List<string>(attributes.Keys);
        keys.Sort(string.CompareOrdinal);
        foreach (var key in keys)
        {
            buffer.Text(buffer._count == 0 ? "{\""u8 : ",\""u8, key);
            buffer.Text("\":\""u8, attributes[key]);
            buffer.Raw("\""u8);
        }
        buffer.Raw("}"u8);
        return buffer.Written.ToArray();
    }

    private void Text(ReadOnlySpan<byte> before, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Reserve(bytes.Length * 6 + 16);
        Raw(before);
        Escaped(bytes);
    }

    // Docker's encoder escapes for HTML too, and writes U+FFFD for each byte that is not UTF-8.
    private void Escaped(ReadOnlySpan<byte> text)
    {
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            var value = text[i];
            if (value < 0x80)
            {
                if (value >= 0x20 && value is not ((byte)'"' or (byte)'\\' or (byte)'<' or (byte)'>' or (byte)'&'))
                {
                    i++;
                    continue;
                }
                Raw(text[start..i]);
                start = ++i;
                switch (value)
                {
                    case (byte)'"': Raw("\\\""u8); break;
                    case (byte)'\\': Raw("\\\\"u8); break;
                    case (byte)'\n': Raw("\\n"u8); break;
                    case (byte)'\r': Raw("\\r"u8); break;
                    default:
                        Raw("\\u00"u8);
                        Raw([HexDigit(value >> 4), HexDigit(value & 15)]);
                        break;
                }
                continue;
            }
            var valid = Rune.DecodeFromUtf8(text[i..], out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (valid && rune.Value is not (0x2028 or 0x2029))
            {
                i += length;
                continue;
            }
            Raw(text[start..i]);
            Raw(!valid ? "\\ufffd"u8 : rune.Value == 0x2028 ? "\\u2028"u8 : "\\u2029"u8);
            start = i += valid ? length : 1;
        }
        Raw(text[start..]);
    }

    private static byte HexDigit(int value) => (byte)(value < 10 ? '0' + value : 'a' + value - 10);

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_count));
        _count += bytes.Length;
    }

    private void Reserve(int bytes)
    {
        if (_bytes.Length - _count < bytes) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + bytes));
    }
}

using System.Text;
using System.Text.Unicode;

namespace Yun.Linux;

/// <summary>
/// A file's name is bytes to Linux, and mostly UTF-8. As a string, each byte that is not UTF-8 becomes one lone surrogate U+DC80 to U+DCFF (PEP 383),
/// so every name reads as text where it can and comes back as the same bytes.
/// </summary>
public static class FileName
{
    private const char EscapeBase = '\uDC00';

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var length) == System.Buffers.OperationStatus.Done) text.Append(rune.ToString());
            else
            {
                text.Append((char)(EscapeBase + bytes[0]));
                length = 1;
            }
            bytes = bytes[length..];
        }
        return text.ToString();
    }

    /// <summary>How many bytes <see cref="Encode"/> may need, with the zero at the end.</summary>
    public static int BytesMax(ReadOnlySpan<char> text) => text.Length * 3 + 1;

    /// <summary>Writes the bytes and a zero after them; gives their number without the zero.</summary>
    /// <exception cref="SyscallException">EINVAL: the name has a zero inside, which would cut it short.</exception>
    public static int Encode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        if (text.Contains('\0')) throw new SyscallException("open", Errno.EINVAL, text.ToString().Replace('\0', '?'));
        if (Utf8.FromUtf16(text, bytes[..^1], out _, out var written, replaceInvalidSequences: false) != System.Buffers.OperationStatus.Done)
            written = EncodeEscaped(text, bytes);
        bytes[written] = 0;
        return written;
    }

    public static byte[] Encode(ReadOnlySpan<char> text)
    {
        var bytes = new byte[BytesMax(text)];
        return bytes[..Encode(text, bytes)];
    }

    private static int EncodeEscaped(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        var written = 0;
        for (var i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text[i..], out var rune, out var length) == System.Buffers.OperationStatus.Done) written += rune.EncodeToUtf8(bytes[written..]);
            else if (text[i] is >= '\uDC80' and <= '\uDCFF') bytes[written++] = (byte)(text[i] - EscapeBase);
            else throw new SyscallException("open", Errno.EINVAL, text.ToString());
            i += length;
        }
        return written;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Yun.Node.Logs;

/// <summary>Log records as Docker's clients get them: framed by stream for a container without a terminal, with times and attributes in front where asked.</summary>
/// <param name="Framed">8 bytes before each record: 1 or 2 for standard output or error, three zeros, the length in big endian.</param>
public sealed record LogText(bool Framed, bool Times, bool Attributes)
{
    private const int HeaderBytes = 8;

    public void Write(IBufferWriter<byte> output, in LogEntry entry)
    {
        var attributes = Attributes ? Encoding.UTF8.GetBytes(Text(entry.Attributes) + " ") : [];
        var length = (Times ? LogTime.TextLength + 1 : 0) + attributes.Length + entry.Text.Length;
        var span = output.GetSpan(HeaderBytes + length);
        var at = 0;
        if (Framed)
        {
            BinaryPrimitives.WriteUInt32BigEndian(span, entry.IsError ? 0x02000000u : 0x01000000u);
            BinaryPrimitives.WriteUInt32BigEndian(span[4..], (uint)length);
            at = HeaderBytes;
        }
        if (Times)
        {
            entry.Time.Format(span[at..]);
            span[at + LogTime.TextLength] = (byte)' ';
            at += LogTime.TextLength + 1;
        }
        attributes.CopyTo(span[at..]);
        entry.Text.Span.CopyTo(span[(at + attributes.Length)..]);
        output.Advance((Framed ? HeaderBytes : 0) + length);
    }

    // As dockerd: sorted, both sides escaped as in a URL.
    private static string Text(IReadOnlyDictionary<string, string>? attributes) =>
        attributes is null ? "" : string.Join(',', attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{Escape(a.Key)}={Escape(a.Value)}"));

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
}

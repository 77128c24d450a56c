using System.Runtime.CompilerServices;

namespace Yun.Runtime.Keep.Logs;

/// <summary>A time as RFC 3339 writes it, with as many decimals as it needs and no more, as Go does.</summary>
internal struct Timestamp
{
    private const int BytesMax = 30;

    private Buffer _bytes;
    private int _length;

    /// <param name="nanoseconds">Since 1970, UTC.</param>
    public static Timestamp Of(long nanoseconds)
    {
        var result = default(Timestamp);
        Span<byte> text = result._bytes;
        var (seconds, fraction) = Math.DivRem(nanoseconds, 1_000_000_000);
        DateTime.UnixEpoch.AddSeconds(seconds).TryFormat(text, out var length, "yyyy-MM-ddTHH:mm:ss");
        if (fraction != 0)
        {
            text[length] = (byte)'.';
            var digits = 9;
            for (; fraction % 10 == 0; fraction /= 10) digits--;
            for (var i = digits; i > 0; i--, fraction /= 10) text[length + i] = (byte)('0' + fraction % 10);
            length += 1 + digits;
        }
        text[length++] = (byte)'Z';
        result._length = length;
        return result;
    }

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Text => ((ReadOnlySpan<byte>)_bytes)[.._length];

    [InlineArray(BytesMax)]
    private struct Buffer
    {
        private byte _first;
    }
}

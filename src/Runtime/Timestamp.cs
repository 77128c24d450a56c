using System.Runtime.CompilerServices;
using System.Text;

namespace Yun.Runtime;

/// <summary>A time as RFC 3339 writes it, with as many decimals as it needs and no more, as Go does.</summary>
internal struct Timestamp
{
    private const int BytesMax = 30;

    private Buffer _bytes;
    private int _length;

    /// <param name="time">UTC.</param>
    public static Timestamp Of(DateTime time) => Of(time, time.Ticks % TimeSpan.TicksPerSecond * 100);

    /// <param name="nanoseconds">Since 1970, UTC.</param>
    public static Timestamp Of(long nanoseconds)
    {
        var (seconds, fraction) = Math.DivRem(nanoseconds, 1_000_000_000);
        return Of(DateTime.UnixEpoch.AddSeconds(seconds), fraction);
    }

    /// <param name="text">What <see cref="Text"/> was of another.</param>
    public static Timestamp Of(string text)
    {
        var result = new Timestamp { _length = Math.Min(text.Length, BytesMax) };
        for (var i = 0; i < result._length; i++) result._bytes[i] = (byte)text[i];
        return result;
    }

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Text => ((ReadOnlySpan<byte>)_bytes)[.._length];

    public readonly override string ToString() => Encoding.ASCII.GetString(Text);

    // .NET's own formatting knows every culture and time zone, and is a tenth of this program's size.
    private static Timestamp Of(DateTime time, long fraction)
    {
        var result = default(Timestamp);
        result.Put(time.Year, 4, '-');
        result.Put(time.Month, 2, '-');
        result.Put(time.Day, 2, 'T');
        result.Put(time.Hour, 2, ':');
        result.Put(time.Minute, 2, ':');
        result.Put(time.Second, 2, fraction == 0 ? 'Z' : '.');
        if (fraction == 0) return result;
        var digits = 9;
        for (; fraction % 10 == 0; fraction /= 10) digits--;
        result.Put(fraction, digits, 'Z');
        return result;
    }

    private void Put(long number, int digits, char end)
    {
        Span<byte> text = _bytes;
        for (var i = _length + digits; i > _length; number /= 10) text[--i] = (byte)('0' + number % 10);
        _length += digits;
        text[_length++] = (byte)end;
    }

    [InlineArray(BytesMax)]
    private struct Buffer
    {
        private byte _first;
    }
}

using System.Buffers.Text;
using System.Globalization;

namespace Yun.Node.Logs;

/// <summary>A moment to the nanosecond, as the log has it; .NET's own times end at 100 of them.</summary>
/// <param name="Nanoseconds">Since 1970, UTC.</param>
public readonly record struct LogTime(long Nanoseconds) : IComparable<LogTime>
{
    private const long PerSecond = 1_000_000_000;
    /// <summary>How long <see cref="Format"/>'s text is.</summary>
    public const int TextLength = 30;

    public static bool operator <(LogTime left, LogTime right) => left.Nanoseconds < right.Nanoseconds;
    public static bool operator >(LogTime left, LogTime right) => left.Nanoseconds > right.Nanoseconds;
    public static bool operator <=(LogTime left, LogTime right) => left.Nanoseconds <= right.Nanoseconds;
    public static bool operator >=(LogTime left, LogTime right) => left.Nanoseconds >= right.Nanoseconds;
    public int CompareTo(LogTime other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public static LogTime From(DateTimeOffset time) => new((time - DateTimeOffset.UnixEpoch).Ticks * 100);

    /// <summary>What Docker's clients send as since and until: seconds since 1970 with up to nine decimals.</summary>
    public static LogTime? TryParseSeconds(ReadOnlySpan<char> text)
    {
        var dot = text.IndexOf('.');
        var whole = dot < 0 ? text : text[..dot];
        if (!long.TryParse(whole, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)) return null;
        var fraction = dot < 0 ? default : text[(dot + 1)..];
        if (fraction.Length > 9 || fraction.ContainsAnyExceptInRange('0', '9')) return null;
        long nanoseconds = 0;
        for (var i = 0; i < 9; i++) nanoseconds = nanoseconds * 10 + (i < fraction.Length ? fraction[i] - '0' : 0);
        return new LogTime(checked(seconds * PerSecond + nanoseconds));
    }

    /// <summary>RFC 3339 as Go writes it: any number of decimals, <c>Z</c> or an offset.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out LogTime time)
    {
        time = default;
        if (text.Length < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return false;
        if (!Number(text[..4], out var year) || !Number(text[5..7], out var month) || !Number(text[8..10], out var day)
            || !Number(text[11..13], out var hour) || !Number(text[14..16], out var minute) || !Number(text[17..19], out var second)) return false;
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60) return false;
        var at = 19;
        long nanoseconds = 0, unit = PerSecond / 10;
        if (text[at] == '.')
            for (at++; at < text.Length && char.IsAsciiDigit((char)text[at]); at++, unit /= 10) nanoseconds += (text[at] - '0') * unit;
        if (!Offset(text[at..], out var offsetSeconds)) return false;
        var days = new DateTime(year, month, day).Ticks / TimeSpan.TicksPerDay - DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerDay;
        time = new LogTime((days * 86400 + hour * 3600 + minute * 60 + second - offsetSeconds) * PerSecond + nanoseconds);
        return true;
    }

    /// <summary>Writes it with all nine decimals, as <c>docker logs -t</c> shows it: columns stay in line.</summary>
    public void Format(Span<byte> text)
    {
        var seconds = Math.DivRem(Nanoseconds, PerSecond, out var fraction);
        if (fraction < 0) (seconds, fraction) = (seconds - 1, fraction + PerSecond);
        Utf8Formatter.TryFormat(DateTime.UnixEpoch.AddSeconds(seconds), text, out _, 'O');
        for (var i = 28; i > 19; i--, fraction /= 10) text[i] = (byte)('0' + fraction % 10);
        text[29] = (byte)'Z';
    }

    public override string ToString()
    {
        Span<byte> text = stackalloc byte[TextLength + 8];
        Format(text);
        return System.Text.Encoding.ASCII.GetString(text[..TextLength]);
    }

    private static bool Number(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit)) return false;
            number = number * 10 + (digit - '0');
        }
        return true;
    }

    private static bool Offset(ReadOnlySpan<byte> text, out int seconds)
    {
        seconds = 0;
        if (text.SequenceEqual("Z"u8)) return true;
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':' || !Number(text[1..3], out var hours) || !Number(text[4..], out var minutes)) return false;
        seconds = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
        return true;
    }
}

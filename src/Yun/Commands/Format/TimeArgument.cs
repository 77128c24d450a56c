using System.Globalization;

namespace Yun.Commands.Format;

/// <summary><c>--since</c> and <c>--until</c>: seconds since 1970, a date, or how long ago.</summary>
public static class TimeArgument
{
    private static readonly string[] s_formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm",
        "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH", "yyyy-MM-ddK", "yyyy-MM-dd",
    ];

    /// <returns>Seconds since 1970 with nine places, as the API takes it.</returns>
    public static string ToTimestamp(string text, DateTimeOffset now)
    {
        if (GoDuration.TryParseNanoseconds(text, out var ago)) return Seconds(now.AddTicks(-ago / 100));
        if (DateTimeOffset.TryParseExact(Shortened(text), s_formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time)) return Seconds(time);
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) return text;
        throw new FailureException($"invalid value for \"since\" or \"until\": failed to parse value as time or duration: \"{text}\"");
    }

    private static string Seconds(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        return $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * 100:000000000}";
    }

    // Docker writes nine places of a second and takes them back; our clock has seven.
    private static string Shortened(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        if (point < 0) return text;
        var end = point + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        return end - point - 1 <= 7 ? text : text[..(point + 8)] + text[end..];
    }
}

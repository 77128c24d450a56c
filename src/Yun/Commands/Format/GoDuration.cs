using System.Buffers;
using System.Globalization;

namespace Yun.Commands.Format;

/// <summary>Go's durations: <c>1h30m</c>, <c>1.5s</c>, <c>300ms</c>.</summary>
public static class GoDuration
{
    private static readonly (string Unit, double Nanoseconds)[] s_units =
        [("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789.");

    public static long ParseNanoseconds(string text) =>
        TryParseNanoseconds(text, out var value) ? value
        : throw new FormatException(text.Length > 0 && char.IsAsciiDigit(text[^1]) && double.TryParse(text, out _)
            ? $"time: missing unit in duration \"{text}\"" : $"time: invalid duration \"{text}\"");

    public static bool TryParseNanoseconds(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        var rest = text.AsSpan();
        var negative = rest is ['-', ..];
        if (rest is ['-' or '+', ..]) rest = rest[1..];
        if (rest is "0") return true;
        if (rest.Length == 0) return false;
        var total = 0.0;
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(s_digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
            rest = rest[digits..];
            var end = rest.IndexOfAny(s_digits);
            var name = (end < 0 ? rest : rest[..end]).ToString();
            var unit = Array.FindIndex(s_units, u => u.Unit == name);
            if (unit < 0) return false;
            total += number * s_units[unit].Nanoseconds;
            rest = rest[name.Length..];
        }
        nanoseconds = (long)Math.Round(negative ? -total : total);
        return true;
    }
}

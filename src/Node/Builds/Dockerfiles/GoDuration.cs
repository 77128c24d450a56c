using System.Buffers;
using System.Globalization;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>Durations as Go's <c>time.ParseDuration</c> reads them: <c>1h15m30.5s</c>.</summary>
public static class GoDuration
{
    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789.");

    /// <returns>Nanoseconds; null when the text is no duration.</returns>
    public static long? Parse(string text)
    {
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        if (negative || rest.StartsWith("+")) rest = rest[1..];
        if (rest.SequenceEqual("0")) return 0;
        if (rest.IsEmpty) return null;
        decimal total = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(s_number);
            if (digits <= 0 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return null;
            rest = rest[digits..];
            var letters = rest.IndexOfAny(s_number);
            var unit = letters < 0 ? rest : rest[..letters];
            decimal size = unit switch { "ns" => 1, "us" or "µs" or "μs" => 1e3m, "ms" => 1e6m, "s" => 1e9m, "m" => 60e9m, "h" => 3600e9m, _ => 0 };
            if (size == 0 || number > long.MaxValue / size) return null;
            total += number * size;
            rest = rest[unit.Length..];
        }
        return total > long.MaxValue ? null : (long)(negative ? -total : total);
    }
}

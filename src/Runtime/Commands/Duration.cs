using System.Globalization;

namespace Yun.Runtime.Commands;

/// <summary>Times on the command line as Go writes them: <c>5s</c>, <c>250ms</c>, <c>1.5m</c>.</summary>
internal static class Duration
{
    private static readonly (string Unit, double Seconds)[] s_units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];

    public static TimeSpan Parse(string text, string option)
    {
        foreach (var (unit, seconds) in s_units)
            if (text.EndsWith(unit, StringComparison.Ordinal) && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * seconds is >= 0.001 and < 1_000_000)
                return TimeSpan.FromSeconds(number * seconds);
        throw new UsageException($"{option} is '{text}'; it must be a time such as 5s or 250ms");
    }
}

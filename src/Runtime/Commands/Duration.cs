using System.Globalization;

namespace Yun.Runtime.Commands;

/// <summary>Times on the command line as Go writes them: <c>5s</c>, <c>250ms</c>, <c>1.5m</c>.</summary>
internal static class Duration
{
    private const int MillisecondsMax = 1_000_000_000;

    private static readonly (string Unit, int Milliseconds)[] s_units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    public static TimeSpan Parse(string text, string option)
    {
        foreach (var (unit, milliseconds) in s_units)
            if (text.EndsWith(unit, StringComparison.Ordinal) && Thousandths(text[..^unit.Length]) is { } thousandths && thousandths * milliseconds / 1000 is > 0 and < MillisecondsMax and var time)
                return TimeSpan.FromMilliseconds(time);
        throw new UsageException($"{option} is '{text}'; it must be a time such as 5s or 250ms");
    }

    // In whole numbers, since reading a fraction the general way takes a library. What is below a thousandth does not count.
    private static long? Thousandths(string number)
    {
        var point = number.IndexOf('.', StringComparison.Ordinal);
        var (whole, fraction) = point < 0 ? (number, "") : (number[..point], number[(point + 1)..]);
        return int.TryParse(whole + (fraction + "000")[..3], NumberStyles.None, CultureInfo.InvariantCulture, out var thousandths) ? thousandths : null;
    }
}

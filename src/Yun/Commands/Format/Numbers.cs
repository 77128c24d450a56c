using System.Globalization;

namespace Yun.Commands.Format;

/// <summary>Numbers as Go reads and prints them.</summary>
public static class Numbers
{
    public static long ParseInteger(string text)
    {
        var digits = text.StartsWith('-') || text.StartsWith('+') ? text[1..] : text;
        var hexadecimal = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (hexadecimal ? long.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)
            : long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value)) return text[0] == '-' ? -value : value;
        throw new FormatException($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    /// <summary><c>%.4g</c>: so many significant digits, no zeros behind them, and an exponent where the digits do not reach the point.</summary>
    public static string Significant(double value, int digits)
    {
        if (value == 0) return "0";
        var scientific = value.ToString("e" + (digits - 1), CultureInfo.InvariantCulture);
        var e = scientific.IndexOf('e', StringComparison.Ordinal);
        var exponent = int.Parse(scientific.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent < -4 || exponent >= digits) return $"{Trim(scientific[..e])}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        return Trim(value.ToString("F" + Math.Max(0, digits - 1 - exponent), CultureInfo.InvariantCulture));
    }

    private static string Trim(string number) => number.Contains('.', StringComparison.Ordinal) ? number.TrimEnd('0').TrimEnd('.') : number;
}

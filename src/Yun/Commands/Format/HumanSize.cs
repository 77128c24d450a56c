using System.Buffers;
using System.Globalization;

namespace Yun.Commands.Format;

/// <summary>Sizes as Docker reads and prints them: decimal units (MB) for images and disks, binary ones (MiB) for memory.</summary>
public static class HumanSize
{
    private static readonly string[] s_decimal = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    private static readonly string[] s_binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

    private static readonly SearchValues<char> s_number = SearchValues.Create("0123456789. ");

    public static string Decimal(double bytes, int digits = 4) => Format(bytes, 1000, s_decimal, digits);

    public static string Binary(double bytes) => Format(bytes, 1024, s_binary, 4);

    private static string Format(double size, int step, string[] units, int digits)
    {
        var unit = 0;
        for (; Math.Abs(size) >= step && unit < units.Length - 1; unit++) size /= step;
        return Numbers.Significant(size, digits) + units[unit];
    }

    /// <summary>Reads <c>512m</c>, <c>1.5GiB</c>, <c>64</c>: units are powers of 1024.</summary>
    public static long ParseBinary(string text)
    {
        var last = text.AsSpan().LastIndexOfAny(s_number);
        if (last < 0) throw new FormatException($"invalid size: '{text}'");
        var suffix = text[(last + 1)..].ToLowerInvariant();
        var number = text[..(last + 1)].TrimEnd(' ');
        if (!double.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            throw new FormatException($"strconv.ParseFloat: parsing \"{number}\": invalid syntax");
        }
        if (value < 0) throw new FormatException($"invalid size: '{text}'");
        if (suffix.Length == 0 || suffix == "b") return (long)value;
        var power = "kmgtp".IndexOf(suffix[0], StringComparison.Ordinal) + 1;
        if (power == 0 || suffix[1..] is not ("" or "b" or "ib")) throw new FormatException($"invalid suffix: '{suffix}'");
        return (long)(value * Math.Pow(1024, power));
    }
}

namespace Yun.Runtime.Commands;

/// <summary>Sizes on the command line, as runc takes them: a whole number with b, k, m, g or t for powers of 1024; -1 is no limit.</summary>
internal static class ByteCount
{
    private const string Units = "bkmgt";

    public static long Parse(string text, string option)
    {
        if (text == "-1") return -1;
        var digits = text.ToLowerInvariant();
        var suffix = digits.Length > 1 && digits.EndsWith("ib", StringComparison.Ordinal) ? 2 : 0;
        if (suffix == 0 && digits.Length > 2 && digits[^1] == 'b' && Units.Contains(digits[^2], StringComparison.Ordinal)) suffix = 1;
        digits = digits[..^suffix];
        var unit = digits.Length > 1 ? Units.IndexOf(digits[^1], StringComparison.Ordinal) : -1;
        if (unit >= 0) digits = digits[..^1];
        return long.TryParse(digits, System.Globalization.NumberStyles.None, null, out var number) && number <= long.MaxValue >> (10 * Math.Max(unit, 0)) ? number << (10 * Math.Max(unit, 0))
            : throw new UsageException($"{option} is '{text}'; it must be a size such as 512m, or -1 for no limit");
    }
}

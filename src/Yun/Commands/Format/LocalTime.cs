using System.Globalization;

namespace Yun.Commands.Format;

/// <summary>Times in the user's zone.</summary>
public static class LocalTime
{
    /// <summary>As Go prints a time: <c>2025-05-30 12:07:14 +0200 CEST</c>.</summary>
    public static string Of(DateTimeOffset time)
    {
        var local = time.ToLocalTime();
        return local.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF ", CultureInfo.InvariantCulture) + Offset(local) + " " + ZoneName(local);
    }

    public static string Of(long unixSeconds) => Of(DateTimeOffset.FromUnixTimeSeconds(unixSeconds));

    /// <summary>RFC 3339, whole seconds.</summary>
    public static string Short(DateTimeOffset time) => Zoned(time.ToLocalTime(), "yyyy-MM-ddTHH:mm:ss");

    /// <summary>RFC 3339 with nine places.</summary>
    public static string Nanoseconds(long unixNanoseconds)
    {
        var seconds = Math.DivRem(unixNanoseconds, 1_000_000_000, out var rest);
        var local = DateTimeOffset.FromUnixTimeSeconds(seconds).ToLocalTime();
        return local.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + "." + rest.ToString("000000000", CultureInfo.InvariantCulture) + Zone(local);
    }

    private static string Zoned(DateTimeOffset local, string format) => local.ToString(format, CultureInfo.InvariantCulture) + Zone(local);

    private static string Zone(DateTimeOffset local) => local.Offset == TimeSpan.Zero ? "Z" : local.ToString("zzz", CultureInfo.InvariantCulture);

    private static string Offset(DateTimeOffset local) => local.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);

    private static string ZoneName(DateTimeOffset local)
    {
        var zone = TimeZoneInfo.Local;
        if (local.Offset == TimeSpan.Zero && zone.BaseUtcOffset == TimeSpan.Zero) return "UTC";
        var name = zone.IsDaylightSavingTime(local) ? zone.DaylightName : zone.StandardName;
        return name.Length is > 0 and <= 5 ? name : Offset(local)[..3];
    }
}

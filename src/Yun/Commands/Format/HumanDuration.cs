namespace Yun.Commands.Format;

/// <summary>About how long, in Docker's words.</summary>
public static class HumanDuration
{
    private const int Day = 24, Week = 7 * Day, Month = 30 * Day, Year = 365 * Day;

    public static string Of(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        var minutes = (long)duration.TotalMinutes;
        var hours = (long)(duration.TotalHours + 0.5);
        return seconds < 1 ? "Less than a second"
            : seconds == 1 ? "1 second"
            : seconds < 60 ? $"{seconds} seconds"
            : minutes == 1 ? "About a minute"
            : minutes < 60 ? $"{minutes} minutes"
            : hours == 1 ? "About an hour"
            : hours < 2 * Day ? $"{hours} hours"
            : hours < 2 * Week ? $"{hours / Day} days"
            : hours < 2 * Month ? $"{hours / Week} weeks"
            : hours < 2 * Year ? $"{hours / Month} months"
            : $"{(long)duration.TotalHours / Year} years";
    }

    public static string Ago(DateTimeOffset time, DateTimeOffset now) => Of(now - time) + " ago";
}

namespace Yun.Linux;

/// <summary>The time of day in whole nanoseconds, which .NET's clock does not give.</summary>
public static unsafe class Clock
{
    /// <summary>Nanoseconds since 1970, UTC.</summary>
    public static long NanosecondsNow
    {
        get
        {
            var time = stackalloc long[2];
            Native.clock_gettime(0, time);
            return time[0] * 1_000_000_000 + time[1];
        }
    }
}

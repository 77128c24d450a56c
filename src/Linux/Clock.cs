using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>What .NET's clock does not give: the time of day in whole nanoseconds, and whether it is right.</summary>
public static unsafe partial class Clock
{
    // struct timex of 64-bit Linux; with no mode set adjtimex(2) only reads, and answers TIME_ERROR when nobody keeps the clock right.
    private const int TimexBytes = 208, TimeError = 5;

    /// <summary>Whether something keeps the machine's clock synchronised.</summary>
    public static bool IsSynchronized
    {
        get
        {
            var timex = stackalloc byte[TimexBytes];
            new Span<byte>(timex, TimexBytes).Clear();
            return Native.Check(adjtimex(timex), "adjtimex") != TimeError;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int adjtimex(byte* timex);

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

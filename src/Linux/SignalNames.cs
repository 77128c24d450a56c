namespace Yun.Linux;

/// <summary>Signals by name, as signal(7) lists them for x86-64 and arm64.</summary>
public static class SignalNames
{
    private static readonly string[] s_names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD",
        "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    private const int RealTimeFirst = 34, RealTimeLast = 64;

    /// <summary>The number of <c>15</c>, <c>TERM</c>, <c>SIGTERM</c>, <c>RTMIN+1</c>, in any case; null when it is no signal. 0 is none either.</summary>
    public static int? NumberOf(string name)
    {
        if (int.TryParse(name, out var number)) return number is > 0 and <= RealTimeLast ? number : null;
        var upper = name.ToUpperInvariant();
        if (upper.StartsWith("SIG", StringComparison.Ordinal)) upper = upper[3..];
        upper = upper switch { "IOT" => "ABRT", "POLL" => "IO", "CLD" => "CHLD", _ => upper };
        var index = Array.IndexOf(s_names, upper);
        if (index > 0) return index;
        if (upper == "RTMIN") return RealTimeFirst;
        if (upper == "RTMAX") return RealTimeLast;
        if (upper.StartsWith("RTMIN+", StringComparison.Ordinal) && int.TryParse(upper[6..], out var above) && RealTimeFirst + above <= RealTimeLast) return RealTimeFirst + above;
        if (upper.StartsWith("RTMAX-", StringComparison.Ordinal) && int.TryParse(upper[6..], out var below) && RealTimeLast - below >= RealTimeFirst) return RealTimeLast - below;
        return null;
    }
}

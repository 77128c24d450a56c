namespace Yun.Node.Builds;

/// <summary>The signals STOPSIGNAL takes: a number, or a name with or without SIG.</summary>
internal static class StopSignals
{
    private const int Last = 64;

    private static readonly HashSet<string> s_names = new(StringComparer.OrdinalIgnoreCase)
    {
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV",
        "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
    };

    public static bool IsKnown(string text)
    {
        if (int.TryParse(text, out var number)) return number is > 0 and <= Last;
        var name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        if (s_names.Contains(name)) return true;
        var offset = name.StartsWith("RTMIN+", StringComparison.OrdinalIgnoreCase) || name.StartsWith("RTMAX-", StringComparison.OrdinalIgnoreCase) ? name[6..] : "";
        return int.TryParse(offset, out var distance) && distance is > 0 and <= 15;
    }
}

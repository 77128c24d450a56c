using System.Globalization;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Node.Containers;

namespace Yun.Commands.Containers;

/// <summary>Limits and policies that <c>run</c> and <c>update</c> read alike.</summary>
public static class ResourceArguments
{
    private const decimal Billion = 1_000_000_000;

    /// <returns>Billionths of a CPU.</returns>
    public static long ParseCpus(string text) =>
        !decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cpus) ? throw new FormatException($"failed to parse {text} as a rational number")
        : cpus * Billion != Math.Truncate(cpus * Billion) ? throw new FormatException("value is too precise")
        : (long)(cpus * Billion);

    public static Setting<long?> MemorySwap(string summary) =>
        new("memory-swap", null, "bytes", summary, null, text => text == "-1" ? -1 : HumanSize.ParseBinary(text));

    /// <summary><c>nofile=1024:2048</c>.</summary>
    public static Ulimit ParseUlimit(string text)
    {
        var (name, value) = KeyValue.Parse(text);
        var limits = value.Split(':');
        if (value.Length == 0 || limits.Length > 2) throw new FormatException($"invalid ulimit argument: {text}");
        var soft = Numbers.ParseInteger(limits[0]);
        var hard = limits.Length > 1 ? Numbers.ParseInteger(limits[1]) : soft;
        if (hard >= 0 && (soft > hard || soft < 0)) throw new FormatException($"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}");
        return new Ulimit { Name = name, Soft = soft, Hard = hard };
    }

    /// <summary><c>on-failure:3</c>; whether the name is one is for the daemon to say.</summary>
    public static RestartPolicy ParseRestart(string text)
    {
        var parts = text.Split(':');
        if (parts.Length > 2) throw new FailureException("invalid restart policy format: too many colons", 125);
        if (parts.Length == 2 && parts[0].Length == 0) throw new FailureException("invalid restart policy format: no policy provided before colon", 125);
        var count = 0;
        if (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out count))
        {
            throw new FailureException("invalid restart policy format: maximum retry count must be an integer", 125);
        }
        return new RestartPolicy { Name = parts[0], MaximumRetryCount = count };
    }
}

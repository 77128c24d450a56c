using System.Globalization;
using System.Text.RegularExpressions;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>The filter <c>until</c> of the prune operations: a moment, or a time ago written as Go does (<c>1h30m</c>).</summary>
public static partial class PruneUntil
{
    /// <summary>Null when it was not given.</summary>
    public static DateTimeOffset? Of(IReadOnlyDictionary<string, IReadOnlyList<string>> filters, DateTimeOffset now)
    {
        if (!filters.TryGetValue("until", out var values) || values.Count == 0) return null;
        if (values.Count > 1) throw new EngineException(ErrorKind.InvalidArgument, "more than one until filter specified");
        return Parse(values[0], now);
    }

    public static DateTimeOffset Parse(string text, DateTimeOffset now)
    {
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)) return DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        if (Duration().Match(text) is { Success: true, Length: > 0 } match)
        {
            var ago = Part("h", 3600) + Part("m", 60) + Part("s", 1) + Part("ms", 0.001m);
            return now - TimeSpan.FromTicks((long)(ago * TimeSpan.TicksPerSecond));

            decimal Part(string name, decimal unit) => match.Groups[name] is { Success: true } group ? decimal.Parse(group.Value, CultureInfo.InvariantCulture) * unit : 0;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time) ? time
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid value for until: '{text}' is neither a time nor a duration");
    }

    [GeneratedRegex(@"^(?:(?<h>\d+(?:\.\d+)?)h)?(?:(?<m>\d+(?:\.\d+)?)m(?!s))?(?:(?<s>\d+(?:\.\d+)?)s)?(?:(?<ms>\d+(?:\.\d+)?)ms)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}

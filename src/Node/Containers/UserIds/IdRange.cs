using System.Globalization;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.UserIds;

/// <summary>User and group ids of this machine in a row.</summary>
public readonly record struct IdRange(uint Start, uint Count)
{
    public static IdRange Default { get; } = new(StrictProfile.UserIdsStart, StrictProfile.UserIdsCount);

    public bool Overlaps(IdRange other) => Start < (ulong)other.Start + other.Count && other.Start < (ulong)Start + Count;

    /// <exception cref="EngineException">It is not START:COUNT, or too small, or not all ids.</exception>
    public static IdRange Parse(string text, uint least)
    {
        var parts = text.Split(':');
        if (parts.Length == 2 && uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var start) && uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && start >= 1000 && count >= least && (ulong)start + count <= uint.MaxValue) return new IdRange(start, count);
        throw new EngineException(ErrorKind.InvalidArgument, $"--userns-range is {text}: it must be START:COUNT with at least {least} ids that are no system user's, such as {Default.Start}:{Default.Count}.");
    }
}

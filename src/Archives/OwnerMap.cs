using Yun.Linux;
using Yun.Protocol;

namespace Yun.Archives;

/// <summary>So many ids in a row: the first as an archive says it, and as the disk has it.</summary>
public readonly record struct OwnerRange(uint Inside, uint Outside, uint Count);

/// <summary>Owners of files where the disk has others than an archive says: those of a container with a user namespace.</summary>
public sealed class OwnerMap(IReadOnlyList<OwnerRange> users, IReadOnlyList<OwnerRange> groups)
{
    // What a user namespace shows of an owner that it has no id for.
    private const uint Nobody = 65534;

    /// <summary>Makes files as the container's root; nothing without a map.</summary>
    internal static FileOwner Maker(OwnerMap? map) => map is null ? default : FileOwner.Of(map.UserOutside(0), map.GroupOutside(0));

    internal uint UserInside(uint outside) => Inside(users, outside);

    internal uint GroupInside(uint outside) => Inside(groups, outside);

    /// <exception cref="EngineException">The container has no such id.</exception>
    internal uint UserOutside(uint inside) => Outside(users, inside, "user");

    /// <exception cref="EngineException">The container has no such id.</exception>
    internal uint GroupOutside(uint inside) => Outside(groups, inside, "group");

    private static uint Inside(IReadOnlyList<OwnerRange> ranges, uint outside)
    {
        foreach (var range in ranges)
            if (outside - range.Outside < range.Count && outside >= range.Outside) return range.Inside + (outside - range.Outside);
        return Nobody;
    }

    private static uint Outside(IReadOnlyList<OwnerRange> ranges, uint inside, string kind)
    {
        foreach (var range in ranges)
            if (inside >= range.Inside && inside - range.Inside < range.Count) return range.Outside + (inside - range.Inside);
        throw new EngineException(ErrorKind.InvalidArgument, $"The {kind} id {inside} cannot be an owner in this container: its user namespace has {ranges.Sum(range => range.Count)} ids.");
    }
}

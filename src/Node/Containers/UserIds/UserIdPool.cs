using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.UserIds;

/// <summary>
/// Gives each container of the profile strict ids that no other has. What is taken is what containers' records say, so nothing is given twice and nothing is lost, whenever
/// the daemon dies; only what was given to a container that has no record yet is remembered here.
/// </summary>
/// <param name="taken">The ids of all containers.</param>
/// <param name="first">Where to begin, so that daemons on one machine do not all begin at the same place.</param>
public sealed class UserIdPool(IdRange range, SubordinateIds others, Func<IEnumerable<UserNamespace>> taken, uint first = 0)
{
    /// <summary>How many ids a container gets.</summary>
    public const uint Each = StrictProfile.UserIds;

    private readonly Lock _turn = new();
    private readonly HashSet<uint> _given = [];
    private uint _next = first % Math.Max(1, range.Count / Each);

    /// <summary>Ids that are the caller's until it has saved them in a record or called <see cref="Release"/>.</summary>
    /// <exception cref="EngineException">All are taken.</exception>
    public IdRange Take()
    {
        lock (_turn)
        {
            var used = taken().SelectMany(space => space.Users.Concat(space.Groups)).Select(ids => new IdRange(ids.HostId, ids.Size)).Concat(others.Taken()).Distinct().ToList();
            var count = range.Count / Each;
            for (uint tried = 0; tried < count; tried++)
            {
                var slot = (_next + tried) % count;
                var ids = new IdRange(range.Start + slot * Each, Each);
                if (_given.Contains(ids.Start) || used.Exists(ids.Overlaps)) continue;
                _given.Add(ids.Start);
                // What was just given back is the last to be given again.
                _next = (slot + 1) % count;
                return ids;
            }
            throw new EngineException(ErrorKind.Unavailable, $"All user ids for containers of the profile strict are taken: {range.Start}:{range.Count} is {count} times {Each}. Remove containers, give the daemon more (--userns-range), or start it in the host's user namespace (--userns host).");
        }
    }

    /// <summary>They are in a record, or nobody's.</summary>
    public void Release(IdRange ids)
    {
        lock (_turn) _given.Remove(ids.Start);
    }
}

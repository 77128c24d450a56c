using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary><c>--ulimit</c> as resource limits of the process.</summary>
public static class ProcessLimits
{
    private static readonly HashSet<string> s_names =
        ["core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"];

    public static List<SpecRlimit>? Of(IReadOnlyList<Ulimit>? limits)
    {
        if (limits is not { Count: > 0 }) return null;
        foreach (var limit in limits)
        {
            if (!s_names.Contains(limit.Name)) throw new EngineException(ErrorKind.InvalidArgument, $"invalid ulimit type: {limit.Name}");
            if (limit.Hard >= 0 && (limit.Soft > limit.Hard || limit.Soft < 0))
                throw new EngineException(ErrorKind.InvalidArgument, $"ulimit soft limit must be less than or equal to hard limit: {limit.Soft} > {limit.Hard}");
        }
        // -1 is "unlimited", which is all bits to the kernel.
        return [.. limits.Select(l => new SpecRlimit { Type = "RLIMIT_" + l.Name.ToUpperInvariant(), Soft = (ulong)l.Soft, Hard = (ulong)l.Hard })];
    }
}

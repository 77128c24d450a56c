using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands.Images;

/// <summary><c>yun builder prune</c>.</summary>
public sealed class PruneBuildCacheCommand : Command
{
    private readonly Flag _all;
    private readonly ListOption<string> _filters;
    private readonly Flag _force;
    private readonly Setting<long?> _keep;

    public PruneBuildCacheCommand() : base("")
    {
        ArgumentsMax = 0;
        _all = AddFlag("all", 'a', "Remove all unused build cache, not just dangling ones");
        _filters = AddFilters("filter", null, "Provide filter values (e.g. \"until=24h\")");
        _force = AddFlag("force", 'f', "Do not prompt for confirmation");
        _keep = AddBytes("keep-storage", null, "Amount of disk space to keep for cache");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var what = _all ? "all build cache" : "all dangling build cache";
        if (!_force && !session.Confirm($"WARNING! This will remove {what}. Are you sure you want to continue?")) throw new FailureException("builder prune has been cancelled");
        var (text, reclaimed) = Prune(session, _all, _keep.Value, Filters.Parse(_filters.Values));
        session.Out.Write(text);
        session.Out.WriteLine($"Total reclaimed space: {HumanSize.Decimal(reclaimed)}");
        return 0;
    }

    /// <summary>The list of what went, and how much it was.</summary>
    public static (string Text, ulong Reclaimed) Prune(Session session, bool all, long? keep, Dictionary<string, Dictionary<string, bool>> filters)
    {
        using var response = session.Api.Send("POST", "/build/prune" + new Query().Add("all", all).Add("keep-storage", keep).AddFilters(filters));
        var report = response.Read(DockerApiJson.Default.BuildPruneResponse);
        return (report.CachesDeleted is { Count: > 0 } gone ? $"Deleted build cache objects:\n{string.Join('\n', gone)}\n\n" : "", report.SpaceReclaimed);
    }
}

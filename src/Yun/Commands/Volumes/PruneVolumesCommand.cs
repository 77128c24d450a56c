using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands.Volumes;

/// <summary><c>yun volume prune</c>.</summary>
public sealed class PruneVolumesCommand : Command
{
    private readonly Flag _all;
    private readonly ListOption<string> _filters;
    private readonly Flag _force;

    public PruneVolumesCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _all = AddFlag("all", 'a', "Remove all unused volumes, not just anonymous ones");
        _filters = AddFilters("filter", null, "Provide filter values (e.g. \"label=<label>\")");
        _force = AddFlag("force", 'f', "Do not prompt for confirmation");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var what = _all ? "all local volumes" : "anonymous local volumes";
        if (!_force && !session.Confirm($"WARNING! This will remove {what} not used by at least one container.\nAre you sure you want to continue?")) throw new FailureException("volume prune has been cancelled");
        var (text, reclaimed) = Prune(session, _all, Filters.Parse(_filters.Values));
        session.Out.Write(text);
        session.Out.WriteLine($"Total reclaimed space: {HumanSize.Decimal(reclaimed)}");
        return 0;
    }

    /// <summary>The list of what went, and how much it was.</summary>
    public static (string Text, ulong Reclaimed) Prune(Session session, bool all, Dictionary<string, Dictionary<string, bool>> filters)
    {
        if (all) filters.With("all", "1");
        using var response = session.Api.Send("POST", "/volumes/prune" + new Query().AddFilters(filters));
        var report = response.Read(DockerApiJson.Default.VolumePruneResponse);
        return (report.VolumesDeleted is { Count: > 0 } gone ? $"Deleted Volumes:\n{string.Join('\n', gone)}\n\n" : "", report.SpaceReclaimed);
    }
}

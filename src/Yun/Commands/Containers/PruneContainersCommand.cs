using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun container prune</c>.</summary>
public sealed class PruneContainersCommand : Command
{
    private readonly ListOption<string> _filters;
    private readonly Flag _force;

    public PruneContainersCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _filters = AddFilters("filter", null, "Provide filter values (e.g. \"until=<timestamp>\")");
        _force = AddFlag("force", 'f', "Do not prompt for confirmation");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (!_force && !session.Confirm("WARNING! This will remove all stopped containers.\nAre you sure you want to continue?")) throw new FailureException("container prune has been cancelled");
        var (text, reclaimed) = Prune(session, Filters.Parse(_filters.Values));
        session.Out.Write(text);
        session.Out.WriteLine($"Total reclaimed space: {HumanSize.Decimal(reclaimed)}");
        return 0;
    }

    /// <summary>The list of what went, and how much it was.</summary>
    public static (string Text, ulong Reclaimed) Prune(Session session, Dictionary<string, Dictionary<string, bool>> filters)
    {
        using var response = session.Api.Send("POST", "/containers/prune" + new Query().AddFilters(filters));
        var report = response.Read(DockerApiJson.Default.ContainerPruneResponse);
        return (report.ContainersDeleted is { Count: > 0 } gone ? $"Deleted Containers:\n{string.Join('\n', gone)}\n\n" : "", report.SpaceReclaimed);
    }
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Networks;

/// <summary><c>yun network prune</c>.</summary>
public sealed class PruneNetworksCommand : Command
{
    private readonly ListOption<string> _filters;
    private readonly Flag _force;

    public PruneNetworksCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _filters = AddFilters("filter", null, "Provide filter values (e.g. \"until=<timestamp>\")");
        _force = AddFlag("force", 'f', "Do not prompt for confirmation");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        const string question = "WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue?";
        if (!_force && !session.Confirm(question)) throw new FailureException("network prune has been cancelled");
        session.Out.Write(Prune(session, Filters.Parse(_filters.Values)));
        return 0;
    }

    /// <summary>The list of what went.</summary>
    public static string Prune(Session session, Dictionary<string, Dictionary<string, bool>> filters)
    {
        using var response = session.Api.Send("POST", "/networks/prune" + new Query().AddFilters(filters));
        var report = response.Read(DockerApiJson.Default.NetworkPruneResponse);
        return report.NetworksDeleted is { Count: > 0 } gone ? $"Deleted Networks:\n{string.Join('\n', gone)}\n\n" : "";
    }
}

using System.Text;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Containers;
using Yun.Commands.Format;
using Yun.Commands.Images;
using Yun.Commands.Networks;
using Yun.Commands.Volumes;

namespace Yun.Commands;

/// <summary><c>yun system prune</c>.</summary>
public sealed class PruneCommand : Command
{
    private readonly Flag _all;
    private readonly ListOption<string> _filters;
    private readonly Flag _force;
    private readonly Flag _volumes;

    public PruneCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _all = AddFlag("all", 'a', "Remove all unused images not just dangling ones");
        _filters = AddFilters("filter", null, "Provide filter values (e.g. \"label=<key>=<value>\")");
        _force = AddFlag("force", 'f', "Do not prompt for confirmation");
        _volumes = AddFlag("volumes", null, "Prune anonymous volumes");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_volumes && _filters.Values.Any(f => f.StartsWith("until=", StringComparison.Ordinal))) throw new FailureException("ERROR: The \"until\" filter is not supported with \"--volumes\"");
        if (!_force && !session.Confirm(Question())) throw new FailureException("system prune has been cancelled");
        var reclaimed = 0UL;
        void Report((string Text, ulong Reclaimed) part)
        {
            session.Out.Write(part.Text);
            session.Out.Flush();
            reclaimed += part.Reclaimed;
        }
        Dictionary<string, Dictionary<string, bool>> Asked() => Filters.Parse(_filters.Values);
        Report(PruneContainersCommand.Prune(session, Asked()));
        Report((PruneNetworksCommand.Prune(session, Asked()), 0));
        if (_volumes) Report(PruneVolumesCommand.Prune(session, all: false, Asked()));
        Report(PruneImagesCommand.Prune(session, _all, Asked()));
        Report(PruneBuildCacheCommand.Prune(session, _all, keep: null, Asked()));
        session.Out.WriteLine($"Total reclaimed space: {HumanSize.Decimal(reclaimed)}");
        return 0;
    }

    private string Question()
    {
        var text = new StringBuilder("WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n");
        if (_volumes) text.Append("  - all anonymous volumes not used by at least one container\n");
        text.Append(_all ? "  - all images without at least one container associated to them\n  - all build cache\n" : "  - all dangling images\n  - unused build cache\n");
        if (_filters.Values.Count > 0) text.Append("\n  Items to be pruned will be filtered with:\n").AppendJoin("", _filters.Values.Select(f => $"  - {f}\n"));
        return text.Append("\nAre you sure you want to continue?").ToString();
    }
}

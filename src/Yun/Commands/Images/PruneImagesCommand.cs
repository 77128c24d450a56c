using System.Text;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands.Images;

/// <summary><c>yun image prune</c>.</summary>
public sealed class PruneImagesCommand : Command
{
    private readonly Flag _all;
    private readonly ListOption<string> _filters;
    private readonly Flag _force;

    public PruneImagesCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _all = AddFlag("all", 'a', "Remove all unused images, not just dangling ones");
        _filters = AddFilters("filter", null, "Provide filter values (e.g. \"until=<timestamp>\")");
        _force = AddFlag("force", 'f', "Do not prompt for confirmation");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var what = _all ? "all images without at least one container associated to them" : "all dangling images";
        if (!_force && !session.Confirm($"WARNING! This will remove {what}.\nAre you sure you want to continue?")) throw new FailureException("image prune has been cancelled");
        var (text, reclaimed) = Prune(session, _all, Filters.Parse(_filters.Values));
        session.Out.Write(text);
        session.Out.WriteLine($"Total reclaimed space: {HumanSize.Decimal(reclaimed)}");
        return 0;
    }

    /// <summary>The list of what went, and how much it was.</summary>
    public static (string Text, ulong Reclaimed) Prune(Session session, bool all, Dictionary<string, Dictionary<string, bool>> filters)
    {
        filters.With("dangling", all ? "false" : "true");
        using var response = session.Api.Send("POST", "/images/prune" + new Query().AddFilters(filters));
        var report = response.Read(DockerApiJson.Default.ImagePruneResponse);
        if (report.ImagesDeleted is not { Count: > 0 } gone) return ("", report.SpaceReclaimed);
        var text = new StringBuilder("Deleted Images:\n");
        foreach (var item in gone) text.Append(item.Untagged is { Length: > 0 } tag ? $"untagged: {tag}\n" : $"deleted: {item.Deleted}\n");
        return (text.Append('\n').ToString(), report.SpaceReclaimed);
    }
}

using System.Globalization;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands.Images;

/// <summary><c>yun history</c>.</summary>
public sealed class HistoryCommand : Command
{
    private const int CreatedByWidth = 45;
    private static readonly Dictionary<string, string> s_headers = new()
    {
        ["ID"] = "IMAGE", ["CreatedSince"] = "CREATED", ["CreatedAt"] = "CREATED AT", ["CreatedBy"] = "CREATED BY", ["Size"] = "SIZE", ["Comment"] = "COMMENT",
    };

    private readonly Setting<string?> _format;
    private readonly Flag _human;
    private readonly Flag _noTruncate;
    private readonly Flag _quiet;

    public HistoryCommand() : base("[OPTIONS] IMAGE")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _format = AddFormat(table: true);
        _human = AddFlag("human", 'H', "Print sizes and dates in human readable format", value: true);
        _noTruncate = AddFlag("no-trunc", null, "Don't truncate output");
        _quiet = AddFlag("quiet", 'q', "Only show image IDs");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var steps = session.Api.Get($"/images/{arguments[0]}/history", DockerApiJson.Default.ListImageHistoryItem);
        var time = _human ? "{{.CreatedSince}}" : "{{.CreatedAt}}";
        var listing = new Listing("{{.ID}}\t" + time + "\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}", s_headers);
        listing.Print(session.Out, _format.Value ?? (_quiet ? "{{.ID}}" : null), steps.Select(Row));
        return 0;
    }

    private Row Row(ImageHistoryItem step) => new Row()
        .Add("ID", () => _noTruncate ? step.Id : Shortened.Id(step.Id))
        .Add("CreatedSince", () => !_human ? Rfc3339(step.Created) : HumanDuration.Ago(DateTimeOffset.FromUnixTimeSeconds(step.Created), DateTimeOffset.UtcNow))
        .Add("CreatedAt", () => Rfc3339(step.Created))
        .Add("CreatedBy", () => step.CreatedBy.Replace('\t', ' ') is var text && _noTruncate ? text : Shortened.Text(text, CreatedByWidth))
        .Add("Size", () => _human ? HumanSize.Decimal(step.Size, 3) : step.Size.ToString(CultureInfo.InvariantCulture))
        .Add("Comment", () => step.Comment);

    private static string Rfc3339(long seconds) => LocalTime.Short(DateTimeOffset.FromUnixTimeSeconds(seconds));
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands.Registries;

/// <summary><c>yun search</c>.</summary>
public sealed class SearchCommand : Command
{
    private const int DescriptionWidth = 45;
    private readonly ListOption<string> _filters;
    private readonly Setting<string?> _format;
    private readonly Setting<long?> _limit;
    private readonly Flag _noTruncate;

    private static readonly Listing s_listing = new("{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}", new Dictionary<string, string>
    {
        ["Name"] = "NAME", ["Description"] = "DESCRIPTION", ["StarCount"] = "STARS", ["IsOfficial"] = "OFFICIAL", ["IsAutomated"] = "AUTOMATED",
    });

    public SearchCommand() : base("[OPTIONS] TERM")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _filters = AddFilters("filter", 'f', "Filter output based on conditions provided");
        _format = AddText("format", null, "Pretty-print search using a Go template");
        _limit = AddNumber("limit", null, "Max number of search results");
        _noTruncate = AddFlag("no-trunc", null, "Don't truncate output");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("term", arguments[0]).Add("limit", _limit.Value).AddFilters(_filters.Values);
        var found = session.Api.Get("/images/search" + query, DockerApiJson.Default.ListImageSearchResult);
        s_listing.Print(session.Out, _format.Value, found.Select(Row));
        return 0;
    }

    private Row Row(ImageSearchResult result) => new Row()
        .Add("Name", () => result.Name)
        .Add("Description", () => result.Description.Replace('\n', ' ').Replace('\r', ' ') is var text && _noTruncate ? text : Shortened.Text(text, DescriptionWidth))
        .Add("StarCount", () => result.StarCount.ToString())
        .Add("IsOfficial", () => result.IsOfficial ? "[OK]" : "")
        .Add("IsAutomated", () => result.IsAutomated ? "[OK]" : "");
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun ps</c>, <c>yun container ls</c>.</summary>
public sealed class ListContainersCommand : Command
{
    private readonly Flag _all;
    private readonly ListOption<string> _filters;
    private readonly Setting<string?> _format;
    private readonly Setting<long?> _last;
    private readonly Flag _latest;
    private readonly Flag _noTruncate;
    private readonly Flag _quiet;
    private readonly Flag _size;

    public ListContainersCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _all = AddFlag("all", 'a', "Show all containers (default shows just running)");
        _filters = AddFilters("filter", 'f', "Filter output based on conditions provided");
        _format = AddFormat(table: true);
        _last = AddNumber("last", 'n', "Show n last created containers (includes all states)", "-1");
        _latest = AddFlag("latest", 'l', "Show the latest created container (includes all states)");
        _noTruncate = AddFlag("no-trunc", null, "Don't truncate output");
        _quiet = AddFlag("quiet", 'q', "Only display container IDs");
        _size = AddFlag("size", 's', "Display total file sizes");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var format = _format.Value ?? (_quiet ? null : session.Configuration.Format("psFormat"));
        var size = _size || format?.Contains(".Size", StringComparison.Ordinal) == true;
        var limit = _latest ? 1 : _last.Value is > 0 and var last ? last : (long?)null;
        var query = new Query().Add("all", _all).Add("limit", limit).Add("size", size).AddFilters(_filters.Values);
        var containers = session.Api.Get("/containers/json" + query, DockerApiJson.Default.ListContainerSummary);
        if (_quiet && _format.Value is null) format = "{{.ID}}";
        var listing = _size ? ContainerRow.ListingWithSize : ContainerRow.Listing;
        listing.Print(session.Out, format, containers.Select(c => ContainerRow.Of(c, truncate: !_noTruncate)));
        return 0;
    }
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands.Networks;

/// <summary><c>yun network ls</c>.</summary>
public sealed class ListNetworksCommand : Command
{
    private static readonly Listing s_listing = new("{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}", new Dictionary<string, string>
    {
        ["ID"] = "NETWORK ID", ["Name"] = "NAME", ["Driver"] = "DRIVER", ["Scope"] = "SCOPE", ["IPv4"] = "IPV4", ["IPv6"] = "IPV6", ["Labels"] = "LABELS",
        ["Internal"] = "INTERNAL", ["CreatedAt"] = "CREATED AT",
    });

    private readonly ListOption<string> _filters;
    private readonly Setting<string?> _format;
    private readonly Flag _noTruncate;
    private readonly Flag _quiet;

    public ListNetworksCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _filters = AddFilters("filter", 'f', "Provide filter values (e.g. \"driver=bridge\")");
        _format = AddFormat(table: true);
        _noTruncate = AddFlag("no-trunc", null, "Do not truncate the output");
        _quiet = AddFlag("quiet", 'q', "Only display network IDs");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var networks = session.Api.Get("/networks" + new Query().AddFilters(_filters.Values), DockerApiJson.Default.ListNetworkInspect);
        var format = _format.Value ?? (_quiet ? "{{.ID}}" : session.Configuration.Format("networksFormat"));
        s_listing.Print(session.Out, format, networks.OrderBy(n => n.Name, NaturalOrder.Comparer).Select(Row));
        return 0;
    }

    private Row Row(NetworkInspect network) => new Row()
        .Add("ID", () => _noTruncate ? network.Id : Shortened.Id(network.Id))
        .Add("Name", () => network.Name)
        .Add("Driver", () => network.Driver)
        .Add("Scope", () => network.Scope)
        .Add("IPv4", () => network.EnableIpv4 ? "true" : "false")
        .Add("IPv6", () => network.EnableIpv6 ? "true" : "false")
        .Add("Internal", () => network.Internal ? "true" : "false")
        .Add("Labels", () => string.Join(',', (network.Labels ?? []).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")))
        .AddMethod("Label", name => network.Labels?.GetValueOrDefault(name) ?? "")
        .Add("CreatedAt", () => LocalTime.Of(network.Created));
}

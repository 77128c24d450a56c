using System.Globalization;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands.Volumes;

/// <summary><c>yun volume ls</c>.</summary>
public sealed class ListVolumesCommand : Command
{
    private static readonly Dictionary<string, string> s_headers = new()
    {
        ["Name"] = "VOLUME NAME", ["Driver"] = "DRIVER", ["Scope"] = "SCOPE", ["Mountpoint"] = "MOUNTPOINT", ["Labels"] = "LABELS", ["Links"] = "LINKS", ["Size"] = "SIZE",
        ["Availability"] = "AVAILABILITY", ["Group"] = "GROUP", ["Status"] = "STATUS",
    };

    private readonly ListOption<string> _filters;
    private readonly Setting<string?> _format;
    private readonly Flag _quiet;

    public ListVolumesCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _filters = AddFilters("filter", 'f', "Provide filter values (e.g. \"dangling=true\")");
        _format = AddFormat(table: true);
        _quiet = AddFlag("quiet", 'q', "Only display volume names");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var volumes = session.Api.Get("/volumes" + new Query().AddFilters(_filters.Values), DockerApiJson.Default.VolumeListResponse);
        var format = _format.Value ?? (_quiet ? "{{.Name}}" : session.Configuration.Format("volumesFormat"));
        var listing = new Listing("{{.Driver}}\t{{.Name}}", s_headers);
        listing.Print(session.Out, format, (volumes.Volumes ?? []).OrderBy(v => v.Name, NaturalOrder.Comparer).Select(Row));
        return 0;
    }

    /// <summary>How <c>system df -v</c> lists them.</summary>
    public static Listing UsageListing { get; } = new("{{.Name}}\t{{.Links}}\t{{.Size}}", s_headers);

    public static Row Row(Volume volume) => new Row()
        .Add("Name", () => volume.Name)
        .Add("Driver", () => volume.Driver)
        .Add("Scope", () => volume.Scope)
        .Add("Mountpoint", () => volume.Mountpoint)
        .Add("Labels", () => string.Join(',', (volume.Labels ?? []).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")))
        .AddMethod("Label", name => volume.Labels?.GetValueOrDefault(name) ?? "")
        .Add("Links", () => volume.UsageData is { } usage ? usage.RefCount.ToString(CultureInfo.InvariantCulture) : "N/A")
        .Add("Size", () => volume.UsageData is { Size: >= 0 } usage ? HumanSize.Decimal(usage.Size) : "N/A")
        .Add("Availability", () => "N/A")
        .Add("Group", () => "N/A")
        .Add("Status", () => "N/A");
}

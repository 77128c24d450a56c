using System.Globalization;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine ls</c>.</summary>
public sealed class ListMachinesCommand : Command
{
    private static readonly Listing s_listing = new("{{.ID}}\t{{.Name}}\t{{.Cpus}}\t{{.Memory}}\t{{.CreatedSince}}\t{{.Status}}\t{{.Addresses}}", new Dictionary<string, string>
    {
        ["ID"] = "MACHINE ID", ["Name"] = "NAME", ["Cpus"] = "CPUS", ["Memory"] = "MEMORY", ["CreatedSince"] = "CREATED", ["Status"] = "STATUS", ["State"] = "STATE", ["Addresses"] = "ADDRESSES", ["Labels"] = "LABELS",
    });

    private readonly Flag _all, _noTruncate, _quiet;
    private readonly ListOption<string> _filters;
    private readonly Setting<string?> _format;
    private readonly Setting<string?> _hypervisor;

    public ListMachinesCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _all = AddFlag("all", 'a', "Show all machines (default shows just running)");
        _filters = AddFilters("filter", 'f', "Filter output based on conditions provided");
        _format = AddFormat(table: true);
        _hypervisor = Add(HypervisorOption.Make());
        _noTruncate = AddFlag("no-trunc", null, "Don't truncate output");
        _quiet = AddFlag("quiet", 'q', "Only display machine IDs");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var machines = session.Api.Get("/yun/v1/machines/json" + _hypervisor.Query().Add("all", _all).AddFilters(_filters.Values), DockerApiJson.Default.ListMachineSummary);
        s_listing.Print(session.Out, _format.Value ?? (_quiet ? "{{.ID}}" : null), machines.Select(Row));
        return 0;
    }

    private Row Row(MachineSummary machine) => new Row()
        .Add("ID", () => _noTruncate ? machine.Id : Shortened.Id(machine.Id))
        .Add("Name", () => machine.Name)
        .Add("Cpus", () => machine.Cpus.ToString(CultureInfo.InvariantCulture))
        .Add("Memory", () => HumanSize.Binary(machine.Memory))
        .Add("CreatedSince", () => machine.Created == 0 ? "" : HumanDuration.Ago(DateTimeOffset.FromUnixTimeSeconds(machine.Created), DateTimeOffset.UtcNow))
        .Add("Status", () => machine.Status)
        .Add("State", () => machine.State)
        .Add("Addresses", () => string.Join(", ", machine.Addresses.Where(address => address.Value != "").Select(address => address.Value)))
        .Add("Labels", () => string.Join(',', machine.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}")));
}

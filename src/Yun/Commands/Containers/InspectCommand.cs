using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.Commands.Machines;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

public enum InspectKind { Any, Container, Image, Network, Volume, Machine }

/// <summary><c>yun inspect</c>, and inspect below each noun.</summary>
public sealed class InspectCommand : Command
{
    private static readonly (InspectKind Kind, string Path, JsonTypeInfo Type)[] s_places =
    [
        (InspectKind.Container, "/containers/{0}/json", DockerApiJson.Default.ContainerInspect),
        (InspectKind.Image, "/images/{0}/json", DockerApiJson.Default.ImageInspect),
        (InspectKind.Network, "/networks/{0}", DockerApiJson.Default.NetworkInspect),
        (InspectKind.Volume, "/volumes/{0}", DockerApiJson.Default.Volume),
        (InspectKind.Machine, "/yun/v1/machines/{0}/json", DockerApiJson.Default.MachineInspect),
    ];

    private readonly InspectKind _kind;
    private readonly Setting<string?> _format;
    private readonly Flag? _size;
    private readonly Setting<string?>? _type;
    private readonly Flag? _verbose;
    private readonly Setting<string?>? _platform;
    private readonly Setting<string?>? _hypervisor;

    public InspectCommand(InspectKind kind) : base(ArgumentsOf(kind))
    {
        _kind = kind;
        ArgumentsMin = 1;
        _format = AddFormat(table: false, 'f');
        if (kind is InspectKind.Any or InspectKind.Container) _size = AddFlag("size", 's', kind == InspectKind.Any ? "Display total file sizes if the type is container" : "Display total file sizes");
        if (kind == InspectKind.Any) _type = AddText("type", null, "Only inspect objects of the given type");
        if (kind == InspectKind.Network) _verbose = AddFlag("verbose", 'v', "Verbose output for diagnostics");
        if (kind == InspectKind.Machine) _hypervisor = Add(HypervisorOption.Make());
        if (kind == InspectKind.Image) _platform = AddText("platform", null, "Inspect a specific platform of the multi-platform image");
    }

    private static string ArgumentsOf(InspectKind kind) => kind switch
    {
        InspectKind.Container => "[OPTIONS] CONTAINER [CONTAINER...]",
        InspectKind.Image => "[OPTIONS] IMAGE [IMAGE...]",
        InspectKind.Network => "[OPTIONS] NETWORK [NETWORK...]",
        InspectKind.Machine => "[OPTIONS] MACHINE [MACHINE...]",
        InspectKind.Volume => "[OPTIONS] VOLUME [VOLUME...]",
        _ => "[OPTIONS] NAME|ID [NAME|ID...]",
    };

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var places = Places();
        var template = _format.Value is null or "" or "json" ? null : Listing.Parse(_format.Value);
        List<JsonElement> found = [];
        List<string> failures = [];
        var printed = new StringBuilder();
        foreach (var name in arguments)
        {
            try
            {
                var (element, type) = Find(session, places, name);
                found.Add(element);
                if (template is not null) printed.Append(Listing.Apply(template, TypedJson.Of(element, type))).Append('\n');
            }
            catch (Exception error) when (error is ApiException or FailureException)
            {
                failures.Add(Failures.Describe(error));
            }
        }
        session.Out.Write(template is not null ? printed.ToString() : Indented(found));
        session.Out.Flush();
        if (template is not null && printed.Length == 0 && failures.Count > 0) session.Out.WriteLine();
        session.Out.Flush();
        foreach (var failure in failures) session.Error.WriteLine(failure);
        return failures.Count > 0 ? 1 : 0;
    }

    private string Indented(List<JsonElement> found)
    {
        var list = found.ConvertAll(element => TypedJson.Of(element));
        return GoText.Json(list, indented: _format.Value != "json") + "\n";
    }

    private List<(InspectKind Kind, string Path, JsonTypeInfo Type)> Places()
    {
        if (_kind != InspectKind.Any) return [.. s_places.Where(p => p.Kind == _kind)];
        if (_type!.Value is null or "") return [.. s_places];
        var wanted = s_places.Where(p => p.Kind.ToString().Equals(_type.Value, StringComparison.OrdinalIgnoreCase)).ToList();
        return wanted.Count > 0 ? wanted : throw new FailureException($"\"{_type.Value}\" is not a valid value for --type");
    }

    private (JsonElement Element, JsonTypeInfo Type) Find(Session session, List<(InspectKind Kind, string Path, JsonTypeInfo Type)> places, string name)
    {
        foreach (var (kind, path, type) in places)
        {
            try
            {
                var query = new Query().Add("size", kind == InspectKind.Container && _size is { Value: true }).Add("verbose", kind == InspectKind.Network && _verbose is { Value: true })
                    .Add("platform", kind == InspectKind.Image ? _platform?.Value : null).Add("hypervisor", _hypervisor?.Value);
                using var response = session.Api.Send("GET", string.Format(path, kind == InspectKind.Image ? name : Uri.EscapeDataString(name)) + query);
                return (response.Read(DockerApiJson.Default.JsonElement), type);
            }
            catch (ApiException error) when (places.Count > 1 && error.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
            {
                // Not of this kind; perhaps of the next.
            }
        }
        throw new FailureException($"Error: No such object: {name}");
    }
}

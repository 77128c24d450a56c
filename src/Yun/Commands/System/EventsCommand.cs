using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands;

/// <summary><c>yun events</c>.</summary>
public sealed class EventsCommand : Command
{
    private readonly ListOption<string> _filters;
    private readonly Setting<string?> _format;
    private readonly Setting<string?> _since;
    private readonly Setting<string?> _until;

    private readonly string? _type;

    /// <param name="type">Events of this type alone; null is all.</param>
    public EventsCommand(string? type = null) : base("[OPTIONS]")
    {
        _type = type;
        ArgumentsMax = 0;
        _filters = AddFilters("filter", 'f', "Filter output based on conditions provided");
        _format = AddFormat(table: false);
        _since = AddText("since", null, "Show all events created since timestamp");
        _until = AddText("until", null, "Stream events until this timestamp");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var template = _format.Value is { Length: > 0 } format ? Listing.Parse(format == "json" ? "{{json .}}" : format) : null;
        var now = DateTimeOffset.UtcNow;
        var query = new Query().AddFilters([.. _filters.Values, .. _type is null ? Array.Empty<string>() : [$"type={_type}"]])
            .Add("since", _since.Value is { Length: > 0 } since ? TimeArgument.ToTimestamp(since, now) : null)
            .Add("until", _until.Value is { Length: > 0 } until ? TimeArgument.ToTimestamp(until, now) : null);
        using var response = session.Api.Send("GET", "/events" + query);
        foreach (var element in response.ReadEach(DockerApiJson.Default.JsonElement))
        {
            session.Out.WriteLine(template is null ? Line(element) : Listing.Apply(template, TypedJson.Of(element, DockerApiJson.Default.EventMessage)));
            session.Out.Flush();
        }
        return 0;
    }

    private static string Line(System.Text.Json.JsonElement element)
    {
        var message = System.Text.Json.JsonSerializer.Deserialize(element, DockerApiJson.Default.EventMessage)!;
        var time = LocalTime.Nanoseconds(message.TimeNano != 0 ? message.TimeNano : message.Time * 1_000_000_000);
        var attributes = string.Join(", ", message.Actor.Attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={a.Value}"));
        return $"{time} {message.Type} {message.Action} {message.Actor.Id}" + (attributes.Length > 0 ? $" ({attributes})" : "");
    }
}

using System.Globalization;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;
using Yun.Oci;

namespace Yun.Commands.Containers;

/// <summary>A container as a line of <c>ps</c>.</summary>
public static class ContainerRow
{
    private const int CommandWidth = 20;
    private const int MountWidth = 15;
    private const string Line = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";

    private static readonly Dictionary<string, string> s_headers = new()
    {
        ["ID"] = "CONTAINER ID", ["Names"] = "NAMES", ["Image"] = "IMAGE", ["Command"] = "COMMAND", ["CreatedAt"] = "CREATED AT", ["RunningFor"] = "CREATED",
        ["Ports"] = "PORTS", ["State"] = "STATE", ["Status"] = "STATUS", ["Size"] = "SIZE", ["Labels"] = "LABELS", ["Mounts"] = "MOUNTS",
        ["LocalVolumes"] = "LOCAL VOLUMES", ["Networks"] = "NETWORKS", ["Platform"] = "PLATFORM",
    };

    public static Listing Listing { get; } = new(Line, s_headers);
    public static Listing ListingWithSize { get; } = new(Line + "\t{{.Size}}", s_headers);

    public static Row Of(ContainerSummary container, bool truncate) => new Row()
        .Add("ID", () => truncate ? Shortened.Id(container.Id) : container.Id)
        .Add("Names", () => string.Join(',', Names(container, truncate)))
        .Add("Image", () => Image(container, truncate))
        .Add("Command", () => Quote(truncate ? Shortened.Text(container.Command, CommandWidth) : container.Command))
        .Add("CreatedAt", () => LocalTime.Of(container.Created))
        .Add("RunningFor", () => HumanDuration.Ago(DateTimeOffset.FromUnixTimeSeconds(container.Created), DateTimeOffset.UtcNow))
        .Add("Ports", () => Ports(container.Ports ?? []))
        .Add("State", () => container.State)
        .Add("Status", () => container.Status)
        .Add("Size", () => Size(container))
        .Add("Labels", () => string.Join(',', (container.Labels ?? []).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")))
        .AddMethod("Label", name => container.Labels?.GetValueOrDefault(name) ?? "")
        .Add("Mounts", () => string.Join(',', (container.Mounts ?? []).Select(m => m.Name is { Length: > 0 } name ? name : m.Source).Select(m => truncate ? Shortened.Text(m, MountWidth) : m)))
        .Add("LocalVolumes", () => (container.Mounts ?? []).Count(m => m.Driver == "local").ToString(CultureInfo.InvariantCulture))
        .Add("Networks", () => string.Join(',', container.NetworkSettings?.Networks?.Keys.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>()))
        .Add("Platform", () => null);

    // A name with a second slash is another container's link to this one.
    private static IEnumerable<string> Names(ContainerSummary container, bool truncate) =>
        (container.Names ?? []).Select(n => n.TrimStart('/')).Where(n => !truncate || !n.Contains('/', StringComparison.Ordinal));

    private static string Image(ContainerSummary container, bool truncate)
    {
        if (container.Image.Length == 0) return "<no image>";
        if (!truncate) return container.Image;
        var id = Shortened.Id(container.ImageId);
        if (id.Length > 0 && id == Shortened.Id(container.Image)) return id;
        return ImageReference.TryParse(container.Image, out var reference) && reference is { Digest: not null, Tag: { } tag } ? reference.WithTag(tag).Familiar : container.Image;
    }

    private static string Quote(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal) + "\"";

    private static string Size(ContainerSummary container)
    {
        var own = HumanSize.Decimal(container.SizeRw ?? 0, 3);
        return container.SizeRootFs is > 0 and var whole ? $"{own} (virtual {HumanSize.Decimal(whole, 3)})" : own;
    }

    /// <summary>Published and exposed ports; neighbouring ones that map to themselves are drawn together as a range.</summary>
    public static string Ports(IEnumerable<ContainerPort> ports)
    {
        List<string> finished = [], mappings = [];
        List<(string Key, int First, int Last)> open = [];
        foreach (var port in ports.OrderBy(p => p.PrivatePort).ThenBy(p => p.Ip ?? "", StringComparer.Ordinal).ThenBy(p => p.PublicPort).ThenBy(p => p.Type, StringComparer.Ordinal))
        {
            var hasAddress = !string.IsNullOrEmpty(port.Ip);
            if (hasAddress && port.PublicPort != port.PrivatePort)
            {
                mappings.Add($"{Join(port.Ip!, port.PublicPort.ToString(CultureInfo.InvariantCulture))}->{port.PrivatePort}/{port.Type}");
                continue;
            }
            var key = hasAddress ? $"{port.Ip}/{port.Type}" : port.Type;
            var index = open.FindIndex(g => g.Key == key);
            if (index < 0) open.Add((key, port.PrivatePort, port.PrivatePort));
            else if (open[index].Last + 1 == port.PrivatePort) open[index] = open[index] with { Last = port.PrivatePort };
            else
            {
                finished.Add(Group(open[index]));
                open[index] = (key, port.PrivatePort, port.PrivatePort);
            }
        }
        return string.Join(", ", [.. finished, .. open.Select(Group), .. mappings]);
    }

    private static string Group((string Key, int First, int Last) group)
    {
        var range = group.First == group.Last ? $"{group.First}" : $"{group.First}-{group.Last}";
        var slash = group.Key.LastIndexOf('/');
        return slash < 0 ? $"{range}/{group.Key}" : $"{Join(group.Key[..slash], range)}->{range}{group.Key[slash..]}";
    }

    private static string Join(string address, string port) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{port}" : $"{address}:{port}";
}

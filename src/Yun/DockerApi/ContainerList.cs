using System.Globalization;
using System.Text.RegularExpressions;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary><c>GET /containers/json</c>: which containers, newest first.</summary>
internal static class ContainerList
{

    public static List<ContainerSummary> Select(Engine engine, HttpContext context)
    {
        var filters = context.Filters();
        filters.AllowFilters("ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network", "publish", "since", "status", "volume");
        foreach (var status in filters.GetValueOrDefault("status", []))
            if (!Enum.TryParse<ContainerStatus>(status, ignoreCase: true, out _)) throw Invalid("status", status);
        var limit = context.Number("limit") ?? 0;
        foreach (var code in filters.GetValueOrDefault("exited", [])) _ = Number(code);
        foreach (var health in filters.GetValueOrDefault("health", []))
            if (health is not ("starting" or "healthy" or "unhealthy" or "none")) throw Invalid("health", health);
        foreach (var task in filters.GetValueOrDefault("is-task", [])) _ = filters.TruthOf("is-task");
        // To ask for a state, an exit code or a place in the list is to ask for those that do not run too.
        var all = context.Flag("all") || limit > 0 || filters.ContainsKey("status") || filters.ContainsKey("exited") || filters.ContainsKey("before") || filters.ContainsKey("since");
        var selected = engine.Containers.List().Where(c => all || c.State.IsLive || c.State.Status == ContainerStatus.Restarting).Where(Match(engine, filters));
        if (filters.TryGetValue("before", out var before)) selected = selected.Where(c => c.Record.Created < engine.Containers.Find(before[^1]).Record.Created);
        if (filters.TryGetValue("since", out var since)) selected = selected.Where(c => c.Record.Created > engine.Containers.Find(since[^1]).Record.Created);
        if (limit > 0) selected = selected.Take(limit);
        var withSize = context.Flag("size");
        var links = LegacyLink.Names(engine.Containers);
        return [.. selected.Select(c => ContainerSummaries.Of(c, withSize, links))];
    }

    private static Func<Container, bool> Match(Engine engine, Dictionary<string, IReadOnlyList<string>> filters)
    {
        var conditions = new List<Func<Container, bool>>();
        foreach (var (key, values) in filters)
        {
            if (values.Count == 0 || key is "before" or "since" or "isolation" or "label") continue;
            Func<Container, string, bool> matches = key switch
            {
                "id" => (c, v) => Pattern(v).IsMatch(c.Id),
                "name" => (c, v) => Pattern(v) is var pattern && (pattern.IsMatch("/" + c.Name) || pattern.IsMatch(c.Name)),
                "status" => (c, v) => c.State.Word.Equals(v, StringComparison.OrdinalIgnoreCase),
                "exited" => (c, v) => c.State.Status == ContainerStatus.Exited && c.State.ExitCode == Number(v),
                "health" => (c, v) => (c.State.Health?.Status ?? "none") == v,
                "ancestor" => (c, v) => IsAncestor(engine, c, v),
                "network" => (c, v) => ContainerInspection.NetworksOf(c).Any(n => n.Key == v || n.Value.NetworkId == v || (v.Length >= 12 && n.Value.NetworkId?.StartsWith(v, StringComparison.Ordinal) == true)),
                "volume" => (c, v) => c.Record.Mounts.Any(m => m.Name == v || m.Destination == v || (m.Kind == MountKind.Bind && m.Source == v)),
                "publish" => (c, v) => ContainerSummaries.PortsOf(c).Any(p => p.PublicPort != 0 && IsPort(v, p.PublicPort, p.Type)),
                "expose" => (c, v) => (c.Config.ExposedPorts?.Keys ?? Enumerable.Empty<string>()).Any(p => p.Split('/') is [var port, .. var rest] && int.TryParse(port, out var number) && IsPort(v, number, rest is [var proto] ? proto : "tcp")),
                _ => (_, v) => v is "false" or "0",
            };
            conditions.Add(c => values.Any(v => matches(c, v)));
        }
        return c => filters.MatchesLabels(c.Config.Labels) && conditions.TrueForAll(condition => condition(c));
    }

    private static bool IsAncestor(Engine engine, Container container, string image) =>
        container.Config.Image == image || (engine.Images.TryFind(image) is { } ancestor && (container.Record.Image == ancestor.Id
            || (engine.Images.TryFind(container.Record.Image.ToString()) is { } own && own.DiffIds.Take(ancestor.DiffIds.Count).SequenceEqual(ancestor.DiffIds))));

    // "80", "80/tcp", "8000-8010/udp"
    private static bool IsPort(string wanted, int port, string protocol)
    {
        var parts = wanted.Split('/');
        if (parts.Length > 1 && parts[1] != protocol) return false;
        var ends = parts[0].Split('-');
        return int.TryParse(ends[0], out var first) && int.TryParse(ends[^1], out var last) && port >= first && port <= last;
    }

    private static Regex Pattern(string text)
    {
        // As in Go, no pattern takes longer than its text is long; a time limit would fail on a busy machine.
        try { return new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking); }
        // Docker compares a pattern that is none as plain text.
        catch (Exception error) when (error is ArgumentException or NotSupportedException) { return new Regex(Regex.Escape(text), RegexOptions.CultureInvariant); }
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Invalid("exited", text);

    private static EngineException Invalid(string filter, string value) => new(ErrorKind.InvalidArgument, $"invalid filter '{filter}={value}'");
}

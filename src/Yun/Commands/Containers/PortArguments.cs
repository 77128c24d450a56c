using System.Globalization;
using System.Net;
using Yun.Node.Containers;

namespace Yun.Commands.Containers;

/// <summary><c>-p [[ip:]hostPort:]containerPort[/protocol]</c> and <c>--expose</c>, with ranges.</summary>
public static class PortArguments
{
    private const int Failed = 125;

    public static (List<string> Exposed, Dictionary<string, List<PortBinding>?> Bindings) Parse(IEnumerable<string> publish, IEnumerable<string> expose)
    {
        List<string> exposed = [];
        Dictionary<string, List<PortBinding>?> bindings = [];
        foreach (var text in publish) Publish(text.Contains('=', StringComparison.Ordinal) ? FromFields(text) : text, exposed, bindings);
        foreach (var text in expose)
        {
            if (text.Contains(':', StringComparison.Ordinal)) throw Wrong($"invalid port format for --expose: {text}");
            var (ports, protocol) = SplitProtocol(text);
            var (first, last) = Range(ports) ?? throw Wrong($"invalid range format for --expose: {text}");
            for (var port = first; port <= last; port++) Expose($"{port}/{protocol}", exposed);
        }
        return (exposed, bindings);
    }

    private static void Publish(string text, List<string> exposed, Dictionary<string, List<PortBinding>?> bindings)
    {
        var (address, host, container) = Split(text);
        (container, var protocol) = SplitProtocol(container);
        if (container.Length == 0) throw Wrong($"no port specified: {text}<empty>");
        if (protocol is not ("tcp" or "udp" or "sctp")) throw Wrong($"invalid proto: {protocol}");
        if (address.Length > 0 && !IPAddress.TryParse(address, out _)) throw Wrong($"invalid IP address: {address}");
        var inside = Range(container) ?? throw Wrong($"invalid containerPort: {container}");
        (int First, int Last)? outside = host.Length == 0 ? null : Range(host) ?? throw Wrong($"invalid hostPort: {host}");
        var count = inside.Last - inside.First;
        // A range outside for one port inside lets the daemon choose; otherwise both must be as long.
        var choice = outside is { } range && count == 0 && range.Last > range.First;
        if (outside is { } wide && !choice && wide.Last - wide.First != count) throw Wrong($"invalid ranges specified for container and host Ports: {container} and {host}");
        for (var i = 0; i <= count; i++)
        {
            var key = $"{inside.First + i}/{protocol}";
            Expose(key, exposed);
            if (!bindings.TryGetValue(key, out var list) || list is null) bindings[key] = list = [];
            list.Add(new PortBinding
            {
                HostIp = address,
                HostPort = outside is not { } from ? "" : choice ? $"{from.First}-{from.Last}" : (from.First + i).ToString(CultureInfo.InvariantCulture),
            });
        }
    }

    private static void Expose(string port, List<string> exposed)
    {
        if (!exposed.Contains(port)) exposed.Add(port);
    }

    private static (string Address, string Host, string Container) Split(string text)
    {
        var container = text[(text.LastIndexOf(':') + 1)..];
        var rest = text.Length > container.Length ? text[..(text.Length - container.Length - 1)] : "";
        if (rest.Length == 0) return ("", "", container);
        var colon = rest.LastIndexOf(':');
        if (colon < 0) return ("", rest, container);
        var address = rest[..colon];
        return (address is ['[', .., ']'] ? address[1..^1] : address, rest[(colon + 1)..], container);
    }

    private static (string Ports, string Protocol) SplitProtocol(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (text, "tcp") : (text[..slash], slash + 1 < text.Length ? text[(slash + 1)..].ToLowerInvariant() : "tcp");
    }

    private static (int First, int Last)? Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return ushort.TryParse(dash < 0 ? text : text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && ushort.TryParse(dash < 0 ? text : text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var last) && last >= first ? (first, last) : null;
    }

    // target=80,published=8080,protocol=tcp
    private static string FromFields(string text)
    {
        var fields = text.Split(',').Select(f => f.Split('=', 2)).ToList();
        if (fields.Any(f => f.Length < 2 || f[0] is not ("target" or "published" or "protocol" or "mode"))) throw Wrong($"invalid port specification: \"{text}\"");
        string? Field(string name) => fields.FirstOrDefault(f => f[0] == name)?[1];
        var target = Field("target") ?? throw Wrong($"invalid port specification: \"{text}\"");
        return (Field("published") is { } published ? $"{published}:{target}" : target) + "/" + (Field("protocol") ?? "tcp");
    }

    private static FailureException Wrong(string message) => new(message, Failed);
}

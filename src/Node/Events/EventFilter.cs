using Yun.Protocol;

namespace Yun.Node.Events;

/// <summary>Docker's event filters: values of one key are alternatives, keys must all match.</summary>
public sealed class EventFilter(IReadOnlyDictionary<string, IReadOnlyList<string>> wanted)
{
    private static readonly HashSet<string> s_keys =
        ["config", "container", "daemon", "event", "image", "label", "machine", "network", "node", "plugin", "scope", "secret", "service", "type", "volume"];

    public static EventFilter Everything { get; } = new(new Dictionary<string, IReadOnlyList<string>>());

    public static EventFilter Parse(IReadOnlyDictionary<string, IReadOnlyList<string>> wanted) =>
        wanted.Keys.FirstOrDefault(k => !s_keys.Contains(k)) is { } unknown
            ? throw new EngineException(ErrorKind.InvalidArgument, $"invalid filter '{unknown}'")
            : new EventFilter(wanted);

    public bool Matches(EngineEvent e) => wanted.All(w => w.Value.Count == 0 || w.Value.Any(value => Matches(e, w.Key, value)));

    private static bool Matches(EngineEvent e, string key, string value) => key switch
    {
        // Docker's exec and health events carry words after a colon; the filter names the part before it, or all.
        "event" => e.Action == value || e.Action.StartsWith(value + ":", StringComparison.Ordinal),
        "type" => e.Type == value,
        "scope" => value == "local",
        "label" => HasLabel(e, value),
        "image" => Names(e, "image", value) || (e.Type == "container" && e.Attributes.TryGetValue("image", out var image) && SameImage(image, value)),
        _ => Names(e, key, value),
    };

    private static bool Names(EngineEvent e, string type, string value)
    {
        if (e.Type == type)
            return e.ActorId == value || (value.Length > 0 && e.ActorId.StartsWith(value, StringComparison.Ordinal))
                || (e.Attributes.TryGetValue("name", out var name) && (name == value || (type == "image" && SameImage(name, value))));
        // An event of a network or volume names the container it was for.
        return e.Attributes.TryGetValue(type, out var other) && other == value;
    }

    private static bool HasLabel(EngineEvent e, string value)
    {
        var equals = value.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? e.Attributes.ContainsKey(value) : e.Attributes.TryGetValue(value[..equals], out var label) && label == value[(equals + 1)..];
    }

    private static bool SameImage(string image, string wanted) => image == wanted || image.StartsWith(wanted + ":", StringComparison.Ordinal);
}

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>What <c>RUN --mount</c> shows the command beside the image: nothing of it becomes part of a layer.</summary>
/// <param name="Type">bind, cache, tmpfs, secret or ssh.</param>
/// <param name="From">For bind and cache: a stage or image; the context otherwise.</param>
/// <param name="Target">Where it is shown; empty for a secret that is only a variable, and for an agent wherever the builder puts it.</param>
public sealed record RunMount(
    string Type, string? From, string? Source, string Target, bool ReadOnly, string? Id, string? Sharing, uint? Mode, uint? Uid, uint? Gid, long? SizeBytes)
{
    private const string SecretsFolder = "/run/secrets/";

    private static readonly string[] s_keys = ["type", "from", "source", "target", "readonly", "readwrite", "required", "id", "sharing", "mode", "uid", "gid", "size", "env"];

    /// <summary>The step fails when the client has no such secret or agent.</summary>
    public bool Required { get; init; }

    /// <summary>The variable that a secret is put into.</summary>
    public string? Variable { get; init; }

    /// <summary>Reads <c>type=cache,target=/x,…</c>. Values may hold variables, so this happens when the step runs.</summary>
    public static RunMount Parse(string text, TextPlace place)
    {
        DockerfileException Wrong(string problem) => new(place, $"--mount={text}: {problem}");
        var values = new Dictionary<string, string>();
        bool? readOnly = null, required = null;
        foreach (var field in text.Split(','))
        {
            var equals = field.IndexOf('=');
            var key = (equals < 0 ? field : field[..equals]).Trim().ToLowerInvariant();
            var value = equals < 0 ? null : field[(equals + 1)..];
            switch (key)
            {
                case "readonly" or "ro" or "readwrite" or "rw":
                    readOnly = key.StartsWith("ro", StringComparison.Ordinal) || key == "readonly" ? YesOrNo(key, value) : !YesOrNo(key, value);
                    break;
                case "required":
                    required = YesOrNo(key, value);
                    break;
                case "type" or "from" or "id" or "sharing" or "mode" or "uid" or "gid" or "size" or "env":
                    values[key] = value ?? throw Wrong($"invalid field '{field}' must be a key=value pair");
                    break;
                case "source" or "src":
                    values["source"] = value ?? throw Wrong($"invalid field '{field}' must be a key=value pair");
                    break;
                case "target" or "dst" or "destination":
                    values["target"] = value ?? throw Wrong($"invalid field '{field}' must be a key=value pair");
                    break;
                default:
                    throw Wrong($"unexpected key '{key}' in '{field}'{Suggestion.For(key, s_keys)}");
            }
        }
        var type = values.GetValueOrDefault("type", "bind").ToLowerInvariant();
        if (type is not ("bind" or "cache" or "tmpfs" or "secret" or "ssh")) throw Wrong($"unsupported mount type \"{type}\": expected bind, cache, tmpfs, secret or ssh");
        if (values.Keys.FirstOrDefault(k => !IsAllowed(k, type)) is { } unfit) throw Wrong($"{unfit} not allowed for \"{type}\" type mounts");
        if (required is not null && type is not ("secret" or "ssh")) throw Wrong($"required not allowed for \"{type}\" type mounts");
        if (type != "tmpfs" && values.ContainsKey("size")) throw Wrong($"unexpected key 'size' for mount type '{type}'");
        if (values.GetValueOrDefault("sharing") is { } sharing && sharing is not ("shared" or "private" or "locked")) throw Wrong($"unsupported sharing value \"{sharing}\"");
        var id = values.GetValueOrDefault("id") ?? (type == "secret" ? values.GetValueOrDefault("source") : null);
        var target = values.GetValueOrDefault("target", "");
        if (type == "secret")
        {
            id ??= target[(target.LastIndexOf('/') + 1)..];
            if (id.Length == 0) throw Wrong("an id is required");
            if (target.Length == 0 && !values.ContainsKey("env")) target = SecretsFolder + id[(id.LastIndexOf('/') + 1)..];
        }
        else if (target.Length == 0 && type != "ssh") throw Wrong("a target is required");
        return new RunMount(
            type, values.GetValueOrDefault("from"), values.GetValueOrDefault("source"), target,
            readOnly ?? type == "bind", id, values.GetValueOrDefault("sharing"),
            Number("mode", 8), Number("uid", 10), Number("gid", 10),
            values.TryGetValue("size", out var size) ? Size(size) ?? throw Wrong($"invalid value for size: {size}") : null)
        { Required = required ?? false, Variable = values.GetValueOrDefault("env") };

        bool YesOrNo(string key, string? value) => value is null or "1" or "true" ? true : value is "0" or "false" ? false : throw Wrong($"invalid value for {key}: {value}");

        uint? Number(string name, int numberBase)
        {
            if (!values.TryGetValue(name, out var value)) return null;
            try
            {
                return Convert.ToUInt32(value, numberBase);
            }
            catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
            {
                throw Wrong($"invalid value {value} for {name}");
            }
        }
    }

    private static bool IsAllowed(string key, string type) => key switch
    {
        "mode" or "uid" or "gid" or "id" => type is "cache" or "secret" or "ssh",
        "sharing" => type == "cache",
        "env" => type == "secret",
        _ => true,
    };

    private static long? Size(string text)
    {
        var digits = text.TrimEnd('b', 'B', 'i');
        var factor = digits.Length == 0 ? 0 : char.ToLowerInvariant(digits[^1]) switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, 't' => 1L << 40, _ => 1 };
        return long.TryParse(factor > 1 ? digits[..^1] : digits, out var number) && number >= 0 && number <= long.MaxValue / factor ? number * factor : null;
    }
}

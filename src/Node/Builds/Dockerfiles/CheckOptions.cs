namespace Yun.Node.Builds.Dockerfiles;

/// <summary>What <c># check=skip=RULE,RULE;error=true</c> asks for: which rules are not looked at, and whether what they find ends the build.</summary>
public sealed record CheckOptions(IReadOnlySet<string> Skipped, bool SkipsAll, bool IsError)
{
    public static CheckOptions None { get; } = new(new HashSet<string>(), false, false);

    /// <exception cref="DockerfileException">An option or its value is not known.</exception>
    public static CheckOptions Parse(string text, TextPlace place)
    {
        var (skipped, skipsAll, isError) = (new HashSet<string>(StringComparer.OrdinalIgnoreCase), false, false);
        foreach (var option in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = option.IndexOf('=');
            if (equals < 0) throw new DockerfileException(place, $"invalid check option '{option}': expected skip=RULE[,RULE] or error=true, separated by semicolons");
            var (name, value) = (option[..equals].Trim(), option[(equals + 1)..].Trim());
            switch (name)
            {
                case "skip":
                    foreach (var rule in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                    {
                        if (rule == "all") skipsAll = true;
                        else skipped.Add(rule);
                    }
                    break;
                case "error":
                    isError = bool.TryParse(value, out var yes) ? yes : throw new DockerfileException(place, $"invalid value '{value}' for the check option error: expected true or false");
                    break;
                case "experimental":
                    break; // there are none here
                default:
                    throw new DockerfileException(place, $"unknown check option '{name}': expected skip, error or experimental");
            }
        }
        return new CheckOptions(skipped, skipsAll, isError);
    }

    public bool Looks(string rule) => !SkipsAll && !Skipped.Contains(rule);
}

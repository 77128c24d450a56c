using System.Text.Json;

namespace Yun.Commands.Containers;

/// <summary><c>--security-opt</c>: a seccomp profile's file is read here, since the daemon may be elsewhere.</summary>
public sealed record SecurityArguments(List<string>? Options, List<string>? MaskedPaths, List<string>? ReadonlyPaths)
{
    private const int Failed = 125;

    public static SecurityArguments Parse(IReadOnlyList<string> texts)
    {
        List<string> options = [];
        var unconfined = false;
        foreach (var text in texts)
        {
            if (text == "systempaths=unconfined")
            {
                unconfined = true;
                continue;
            }
            var divider = text.AsSpan().IndexOfAny('=', ':');
            if (divider < 0 && text != "no-new-privileges") throw new FailureException($"invalid --security-opt: \"{text}\"", Failed);
            options.Add(divider > 0 && text[..divider] == "seccomp" ? "seccomp=" + Profile(text[(divider + 1)..]) : text);
        }
        return new(options.Count > 0 ? options : null, unconfined ? [] : null, unconfined ? [] : null);
    }

    private static string Profile(string value)
    {
        if (value is "unconfined" or "builtin") return value;
        try
        {
            using var profile = JsonDocument.Parse(File.ReadAllText(value));
            return JsonSerializer.Serialize(profile.RootElement, DockerApi.Model.DockerApiJson.Default.JsonElement);
        }
        catch (IOException error)
        {
            throw new FailureException($"opening seccomp profile ({value}) failed: {error.Message}", Failed);
        }
        catch (JsonException error)
        {
            throw new FailureException($"compacting json for seccomp profile ({value}) failed: {error.Message}", Failed);
        }
    }
}

using System.Text.Json;
using Yun.Protocol;

namespace Yun.Daemon.Configuration;

/// <summary>The JSON file of <c>--config-file</c>: dockerd's daemon.json. What it says that is no setting is refused, so that nobody relies on what is not done.</summary>
internal static class ConfigurationFile
{
    private static readonly JsonDocumentOptions s_lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    /// <summary>The file's values by the names of their settings. One that does not exist is empty, unless the user named it.</summary>
    /// <exception cref="EngineException">It cannot be read, or names what is no setting.</exception>
    internal static Dictionary<string, IReadOnlyList<string>> Read(string path, bool named)
    {
        if (!named && !File.Exists(path)) return [];
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), s_lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement) : throw new JsonException("it is not a JSON object");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException or EngineException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"unable to configure the daemon with file {path}: {error.Message}", error);
        }
    }

    private static Dictionary<string, IReadOnlyList<string>> Read(JsonElement root)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>();
        var unknown = new List<string>();
        foreach (var (key, value) in Flatten(root))
        {
            if (SettingTable.All.FirstOrDefault(setting => setting.Key == key) is { } setting) values[setting.Name] = Values(setting, value);
            else unknown.Add(key);
        }
        if (unknown.Count > 0) throw new JsonException($"the following directives don't match any configuration option: {string.Join(", ", unknown)}");
        return values;
    }

    // The proxies alone lie one level deeper.
    private static IEnumerable<(string Key, JsonElement Value)> Flatten(JsonElement root)
    {
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name != "proxies" || property.Value.ValueKind != JsonValueKind.Object) yield return (property.Name, property.Value);
            else foreach (var proxy in property.Value.EnumerateObject()) yield return (proxy.Name, proxy.Value);
        }
    }

    private static List<string> Values(DaemonSetting setting, JsonElement value) => (setting.Kind, value.ValueKind) switch
    {
        (SettingKind.Text, JsonValueKind.String) => [value.GetString()!],
        (SettingKind.Flag, JsonValueKind.True or JsonValueKind.False) => [value.GetBoolean() ? "true" : "false"],
        (SettingKind.Number, JsonValueKind.Number) => [value.GetRawText()],
        (SettingKind.List, JsonValueKind.Array) => [.. value.EnumerateArray().Select(item => Text(setting, item))],
        (SettingKind.Map, JsonValueKind.Object) => [.. value.EnumerateObject().Select(item => $"{item.Name}={Text(setting, item.Value)}")],
        _ => throw Wrong(setting, value),
    };

    // An address pool is an object of base and size, a resource limit one of Soft and Hard: on the command line base=…,size=… and soft:hard.
    private static string Text(DaemonSetting setting, JsonElement item) => item.ValueKind switch
    {
        JsonValueKind.String => item.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => item.GetRawText(),
        JsonValueKind.Object when item.TryGetProperty("Hard", out var hard) => $"{(item.TryGetProperty("Soft", out var soft) ? soft : hard).GetRawText()}:{hard.GetRawText()}",
        JsonValueKind.Object => string.Join(',', item.EnumerateObject().Select(field => $"{field.Name}={Text(setting, field.Value)}")),
        _ => throw Wrong(setting, item),
    };

    private static JsonException Wrong(DaemonSetting setting, JsonElement value) => new($"\"{setting.Key}\" must be {Wanted(setting.Kind)} and is {value.GetRawText()}");

    private static string Wanted(SettingKind kind) => kind switch
    {
        SettingKind.Text => "a string",
        SettingKind.Flag => "true or false",
        SettingKind.Number => "a number",
        SettingKind.List => "an array of strings",
        _ => "an object",
    };
}

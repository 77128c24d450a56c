using System.Globalization;
using Yun.Protocol;

namespace Yun.Daemon.Configuration;

/// <summary>The values of the daemon's settings, put together from its command line and its configuration file.</summary>
internal sealed class DaemonSettings
{
    internal static DaemonSettings Empty { get; } = new();

    // By the setting's name. A flag is one value, a map one for each key.
    private readonly Dictionary<string, IReadOnlyList<string>> _values = [];

    /// <summary>A setting may be in the file or on the command line; in both it is refused, as dockerd does, since either could be the one meant.</summary>
    /// <param name="commandLine">What was said there, by the setting's name.</param>
    /// <exception cref="EngineException">A setting is said twice, or has a value that Yun does not do.</exception>
    internal static DaemonSettings Merge(IReadOnlyDictionary<string, IReadOnlyList<string>> commandLine, IReadOnlyDictionary<string, IReadOnlyList<string>> file)
    {
        var twice = commandLine.Keys.Intersect(file.Keys).Order(StringComparer.Ordinal).ToList();
        if (twice.Count > 0) throw Wrong($"the following directives are specified both as a flag and in the configuration file: {string.Join(", ", twice)}");
        var settings = new DaemonSettings();
        foreach (var (name, values) in commandLine) settings.Put(name, values, $"--{name}");
        foreach (var (name, values) in file) settings.Put(name, values, $"\"{SettingTable.All.First(setting => setting.Name == name).Key ?? name}\"");
        return settings;
    }

    /// <summary>Those of <paramref name="next"/> that differ from these and wait for a restart.</summary>
    internal IReadOnlyList<string> WaitingIn(DaemonSettings next) =>
        [.. SettingTable.All.Where(setting => !setting.IsReloaded && !List(setting.Name).SequenceEqual(next.List(setting.Name))).Select(setting => setting.Name)];

    internal string? Text(string name) => _values.GetValueOrDefault(name) is [var one, ..] ? one : null;

    internal bool? Flag(string name) => Text(name) is { } text ? text == "true" : null;

    internal int? Number(string name) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    internal IReadOnlyList<string> List(string name) => _values.GetValueOrDefault(name) ?? [];

    internal Dictionary<string, string> Map(string name)
    {
        var map = new Dictionary<string, string>();
        foreach (var value in List(name))
        {
            var at = value.IndexOf('=', StringComparison.Ordinal);
            map[at < 0 ? value : value[..at]] = at < 0 ? "" : value[(at + 1)..];
        }
        return map;
    }

    private void Put(string name, IReadOnlyList<string> values, string said)
    {
        var setting = SettingTable.All.First(setting => setting.Name == name);
        foreach (var value in values)
        {
            if (setting.Kind == SettingKind.Number && !int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) throw Wrong($"{said} is {value}: it must be a number");
            if (setting.Only is { } only && value != only && value.Length > 0) throw Wrong($"{said} cannot be {value}. {setting.Because}");
        }
        _values[name] = values;
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

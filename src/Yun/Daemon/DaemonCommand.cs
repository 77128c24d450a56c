using System.CommandLine;
using Yun.Daemon.Configuration;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary><c>yun daemon</c>, or the program under the name <c>dockerd</c>: dockerd's flags, and the daemon behind them.</summary>
public static class DaemonCommand
{
    private static readonly Option<string?> s_configFile = new("--config-file") { Description = $"The configuration file (default {DaemonDefaults.Own.ConfigFile})" };
    private static readonly Option<bool> s_validate = new("--validate") { Description = "Look the configuration over, say what is wrong, and end" };
    private static readonly Dictionary<string, Option> s_settings = SettingTable.All.ToDictionary(setting => setting.Name, OptionOf);

    public static Command Create()
    {
        var command = new Command("daemon", "Run the engine and serve the Docker Engine API");
        Fill(command, DaemonDefaults.Own);
        return command;
    }

    /// <summary>The same as a program of its own, with dockerd's places for socket, configuration and process id.</summary>
    public static RootCommand CreateAsDockerd()
    {
        var command = new RootCommand("A self-sufficient runtime for containers: Yun's daemon in dockerd's place");
        Fill(command, DaemonDefaults.Dockerd);
        return command;
    }

    private static void Fill(Command command, DaemonDefaults defaults)
    {
        command.Add(s_configFile);
        command.Add(s_validate);
        foreach (var option in s_settings.Values) command.Add(option);
        command.SetAction((parsed, cancel) => RunAsync(parsed, defaults, cancel));
    }

    private static async Task<int> RunAsync(ParseResult parsed, DaemonDefaults defaults, CancellationToken cancel)
    {
        try
        {
            var read = () => Read(parsed, defaults);
            var settings = read();
            var options = DaemonOptions.From(settings, defaults);
            if (!parsed.GetValue(s_validate)) return await DaemonHost.RunAsync(options, new Reload(settings, read, defaults), cancel);
            Console.Out.WriteLine("configuration OK");
            return 0;
        }
        catch (EngineException error)
        {
            await Console.Error.WriteLineAsync($"{defaults.Program}: {error.Message}");
            return 1;
        }
    }

    private static DaemonSettings Read(ParseResult parsed, DaemonDefaults defaults)
    {
        var named = parsed.GetValue(s_configFile);
        var commandLine = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var (name, option) in s_settings)
            if (parsed.GetResult(option) is { Implicit: false } && Said(parsed, option) is { } said) commandLine[name] = said;
        return DaemonSettings.Merge(commandLine, ConfigurationFile.Read(named ?? defaults.ConfigFile, named is not null));
    }

    private static List<string>? Said(ParseResult parsed, Option option) => option switch
    {
        Option<bool> flag => [parsed.GetValue(flag) ? "true" : "false"],
        Option<List<string>?> list => parsed.GetValue(list),
        Option<string?> text when parsed.GetValue(text) is { } value => [value],
        _ => null,
    };

    private static Option OptionOf(DaemonSetting setting)
    {
        string[] aliases = setting.Letter == 0 ? [] : [$"-{setting.Letter}"];
        Option option = setting.Kind switch
        {
            SettingKind.Flag => new Option<bool>($"--{setting.Name}", aliases),
            SettingKind.List or SettingKind.Map => new Option<List<string>?>($"--{setting.Name}", aliases),
            _ => new Option<string?>($"--{setting.Name}", aliases),
        };
        option.Description = setting.Help;
        option.Hidden = setting.Help is null;
        return option;
    }
}

using System.CommandLine;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary><c>yun daemon</c>: dockerd's flags, and the daemon behind them.</summary>
public static class DaemonCommand
{
    private static readonly Option<string?> s_dataRoot = Text("--data-root", "Where images, containers and volumes are kept (default /var/lib/yun)");
    private static readonly Option<string?> s_execRoot = Text("--exec-root", "Where sockets and other state of this boot are kept (default /run/yun)");
    private static readonly Option<List<string>?> s_hosts = new("--host", "-H") { Description = "Where to listen: unix://PATH or fd:// (several allowed; default unix:///run/yun.sock)" };
    private static readonly Option<string?> s_pidFile = Text("--pidfile", "Where to write the process id (default /run/yun.pid)", "-p");
    private static readonly Option<string?> s_configFile = Text("--config-file", $"The configuration file (default {DaemonConfigFile.DefaultPath})");
    private static readonly Option<string?> s_logLevel = Text("--log-level", "debug, info, warn, error or fatal (default info)", "-l");
    private static readonly Option<bool> s_debug = new("--debug", "-D") { Description = "Same as --log-level debug" };
    private static readonly Option<string?> s_group = Text("--group", "The group that may use the unix socket (default: docker where it exists)", "-G");
    private static readonly Option<string?> s_bridge = Text("--bridge", "The default bridge's name (default: one of its own, from the data root)", "-b");
    private static readonly Option<string?> s_bip = Text("--bip", "The default bridge's address, such as 192.168.5.1/24");
    private static readonly Option<string?> s_runtime = Text("--runtime-path", "The yun-runtime program (default: the one beside yun)");
    private static readonly Option<string?> s_init = Text("--init-path", "The init of --init (default: the distribution's static tini)");
    private static readonly Option<List<string>?> s_insecure = new("--insecure-registry") { Description = "A registry that may be spoken to without TLS (several allowed)" };
    private static readonly Option<List<string>?> s_dns = new("--dns") { Description = "A name server for containers (several allowed)" };
    private static readonly Option<List<string>?> s_dnsSearch = new("--dns-search") { Description = "A search domain for containers (several allowed)" };
    private static readonly Option<List<string>?> s_dnsOptions = new("--dns-opt") { Description = "A resolver option for containers (several allowed)" };
    private static readonly Option<string?> s_registry = Text("--registry", "Serve a registry too, at ADDRESS:PORT; it shares its content with the engine");
    private static readonly Option<string?> s_trust = Text("--trust-policy", "What images must show before they are pulled: a JSON file");
    private static readonly Option<int?> s_mtu = new("--mtu") { Description = "The MTU of containers' networks (default 1500)" };

    public static Command Create()
    {
        var command = new Command("daemon", "Run the engine and serve the Docker Engine API")
        {
            s_dataRoot, s_execRoot, s_hosts, s_pidFile, s_configFile, s_logLevel, s_debug, s_group, s_bridge, s_bip, s_runtime, s_init,
            s_insecure, s_dns, s_dnsSearch, s_dnsOptions, s_mtu, s_registry, s_trust,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        try
        {
            return await DaemonHost.RunAsync(Merge(parsed), cancel);
        }
        catch (EngineException error)
        {
            await Console.Error.WriteLineAsync($"yun daemon: {error.Message}");
            return 1;
        }
    }

    /// <summary>A setting may be in the file or on the command line; in both it is refused, as dockerd does, since either could be the one meant.</summary>
    internal static DaemonOptions Merge(ParseResult parsed)
    {
        var named = parsed.GetValue(s_configFile);
        var file = DaemonConfigFile.Read(named ?? DaemonConfigFile.DefaultPath, named is not null);
        var twice = new List<string>();
        T? Pick<T>(Option<T?> option, T? inFile)
        {
            var flag = parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option) : default;
            if (flag is not null && inFile is not null) twice.Add(option.Name.TrimStart('-'));
            return flag ?? inFile;
        }
        var defaults = new DaemonOptions();
        var options = new DaemonOptions(
            Pick(s_dataRoot, file.DataRoot) ?? defaults.DataRoot, Pick(s_execRoot, file.ExecRoot) ?? defaults.ExecRoot, Pick(s_hosts, file.Hosts),
            Pick(s_pidFile, file.PidFile) ?? defaults.PidFile,
            Pick(s_logLevel, file.LogLevel) ?? (parsed.GetValue(s_debug) || file.Debug == true ? "debug" : defaults.LogLevel),
            Pick(s_group, file.Group), Pick(s_bridge, file.Bridge), Pick(s_bip, file.Bip), parsed.GetValue(s_runtime), Pick(s_init, file.InitPath),
            defaults.StopTimeoutSeconds, Pick(s_insecure, file.InsecureRegistries), Pick(s_dns, file.Dns), Pick(s_dnsSearch, file.DnsSearch),
            Pick(s_dnsOptions, file.DnsOptions), Pick(s_mtu, file.Mtu) ?? defaults.Mtu, file.Labels, Pick(s_registry, file.Registry), Pick(s_trust, file.TrustPolicy));
        return twice.Count == 0 ? options : throw new EngineException(ErrorKind.InvalidArgument,
            $"the following directives are specified both as a flag and in the configuration file: {string.Join(", ", twice)}");
    }

    private static Option<string?> Text(string name, string description, params string[] aliases) => new(name, aliases) { Description = description };
}

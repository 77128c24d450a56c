using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands;

/// <summary>What stands before the command: which daemon, which configuration.</summary>
public sealed class GlobalOptions
{
    private readonly Setting<string?> _config = new("config", null, "string", "Location of client config files", null, text => text) { DefaultText = "\"~/.docker\"" };
    private readonly Setting<string?> _context = new("context", 'c', "string", "Name of the context; only \"default\" exists", null, text => text);
    private readonly Flag _debug = new("debug", 'D', "Enable debug mode");
    private readonly ListOption<string> _host = new("host", 'H', "list", "Daemon socket to connect to", text => [text]);
    private readonly Setting<string?> _logLevel = new("log-level", 'l', "string", "Set the logging level", null, text => text) { Hidden = true };
    private readonly Flag _tls = new("tls", null, "Use TLS") { Hidden = true };
    private readonly Flag _tlsVerify = new("tlsverify", null, "Use TLS and verify the remote") { Hidden = true };
    private readonly Flag _version = new("version", 'v', "Print version information and quit");

    public GlobalOptions() => All = [_config, _context, _debug, _host, _logLevel, _tls, _tlsVerify, _version];

    public IReadOnlyList<Option> All { get; }

    public bool Version => _version;

    public Session Open()
    {
        if (_tls || _tlsVerify) throw new OptionException("TLS connections to the daemon are not supported; use its unix socket");
        if (_context.Value is not (null or "" or "default")) throw new OptionException($"context \"{_context.Value}\": only the context \"default\" exists; use --host");
        if (_host.Values.Count > 1) throw new OptionException("specify only one -H");
        var host = (_host.Values.Count > 0 ? _host.Values[0] : null) ?? Variable("YUN_HOST") ?? Variable("DOCKER_HOST") ?? DaemonAddress.Default;
        var home = Variable("HOME") ?? "/";
        var directory = _config.Value ?? Variable("DOCKER_CONFIG") ?? Path.Combine(home, ".docker");
        return new Session(new ApiClient(DaemonAddress.Parse(host), Variable("DOCKER_API_VERSION")), directory);
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

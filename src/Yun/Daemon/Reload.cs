using Yun.Daemon.Configuration;
using Yun.Images.Trust;
using Yun.Node;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary>What SIGHUP does: the configuration file is read again, and what can change while the daemon runs does.</summary>
internal sealed class Reload(DaemonSettings settings, Func<DaemonSettings> read, DaemonDefaults defaults)
{
    private DaemonSettings _settings = settings;

    /// <summary>A configuration with a fault is told of and changes nothing.</summary>
    internal void Run(Engine engine, DaemonLog daemonLog, EngineLog log)
    {
        try
        {
            var next = read();
            var options = DaemonOptions.From(next, defaults);
            engine.Images.Trust = options.TrustPolicy is { } policy ? TrustPolicy.Read(policy) : TrustPolicy.AcceptAll;
            engine.Images.Registries = DaemonOptions.RegistriesOf(next);
            engine.Labels = options.Engine.Labels;
            daemonLog.Threshold = options.Threshold;
            if (_settings.WaitingIn(next) is { Count: > 0 } waiting) log.Warn($"The configuration was read again; what changed of {string.Join(", ", waiting)} waits for the daemon's next start.");
            else log.Info("The configuration was read again.");
            _settings = next;
            engine.Events.Publish("daemon", "reload", engine.Id, new Dictionary<string, string>
            {
                ["name"] = Environment.MachineName, ["debug"] = options.Threshold == Severity.Debug ? "true" : "false", ["labels"] = $"[{string.Join(' ', options.Engine.Labels)}]",
                ["insecure-registries"] = $"[{string.Join(' ', next.List("insecure-registry"))}]", ["registry-mirrors"] = $"[{string.Join(' ', next.List("registry-mirror"))}]", ["live-restore"] = "true",
            });
        }
        catch (EngineException error) { log.Error($"The configuration was not read again: {error.Message}"); }
    }
}

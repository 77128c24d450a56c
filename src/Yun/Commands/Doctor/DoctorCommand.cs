using System.Text;
using System.Text.Json;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;
using Yun.Node;

namespace Yun.Commands.Doctor;

/// <summary><c>yun doctor</c>: whether this machine is fit for Yun, a line a check.</summary>
public sealed class DoctorCommand : Command
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);
    private static readonly Listing s_listing = new("{{.Result}}\t{{.Check}}\t{{.Found}}{{if .Advice}} -> {{.Advice}}{{end}}",
        new Dictionary<string, string> { ["Result"] = "RESULT", ["Check"] = "CHECK", ["Found"] = "FOUND", ["Advice"] = "ADVICE" });

    private readonly Setting<string?> _dataRoot;
    private readonly Setting<string?> _execRoot;
    private readonly Setting<string?> _format;

    public DoctorCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        Details = "Nothing is changed. The exit code is 1 if there is an error; warnings are of what some need and others do not.";
        _dataRoot = AddText("data-root", null, "The daemon's, where it does not answer (default /var/lib/yun)");
        _execRoot = AddText("exec-root", null, "The daemon's (default /run/yun)");
        _format = AddFormat(table: true);
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var findings = Examine(session).ToList();
        var text = s_listing.Text(_format.Value, findings.Select(RowOf));
        session.Out.Write(_format.Value is null && session.OutputIsTerminal ? Coloured(text) : text);
        return findings.Exists(finding => finding.Verdict == Verdict.Error) ? 1 : 0;
    }

    private IEnumerable<Finding> Examine(Session session)
    {
        var (daemon, root) = Ask(session.Api);
        if (session.Api.Address.Host is { } host and not ("localhost" or "127.0.0.1" or "::1"))
            return [MachineChecks.Daemon(daemon), Finding.Warning("machine", $"{host} is another machine, of which nothing can be seen from here", $"run yun doctor on {host}")];
        var defaults = new EngineOptions();
        var options = new EngineOptions(Path.GetFullPath(_dataRoot.Value ?? root ?? defaults.DataRoot), Path.GetFullPath(_execRoot.Value ?? defaults.ExecRoot));
        return MachineChecks.Of(MachineProbe.Read(daemon, options.DataRoot, options.KeeperSocketPath));
    }

    // A daemon that hangs must not hang its doctor.
    private static (DaemonFacts Facts, string? DataRoot) Ask(ApiClient api)
    {
        var asking = Task.Run(() => api.Get("/info", DockerApiJson.Default.InfoResponse));
        try
        {
            return asking.Wait(s_deadline) ? (new DaemonFacts(api.Address.Text, asking.Result.ServerVersion, null, false), asking.Result.DockerRootDir)
                : (new DaemonFacts(api.Address.Text, null, $"the daemon at {api.Address.Text} does not answer within {s_deadline.TotalSeconds:0} seconds", false), null);
        }
        catch (AggregateException all) when (all.InnerException is ApiException or ConnectException or JsonException)
        {
            var message = all.InnerException.Message;
            return (new DaemonFacts(api.Address.Text, null, message, message.StartsWith("permission denied", StringComparison.Ordinal)), null);
        }
    }

    private static Row RowOf(Finding finding) => new Row()
        .Add("Result", () => finding.Verdict.ToString().ToLowerInvariant())
        .Add("Check", () => finding.Check)
        .Add("Found", () => finding.Found)
        .Add("Advice", () => finding.Advice ?? "");

    private static string Coloured(string text)
    {
        if (Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 }) return text;
        const string green = "\e[32m", yellow = "\e[33m", red = "\e[31m", plain = "\e[0m";
        var result = new StringBuilder(text);
        foreach (var (word, colour) in new[] { ("ok", green), ("warning", yellow), ("error", red) }) result.Replace($"\n{word} ", $"\n{colour}{word}{plain} ");
        return result.ToString();
    }
}

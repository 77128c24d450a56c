using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Streams;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun logs</c>.</summary>
public sealed class LogsCommand : Command
{
    private readonly Flag _details;
    private readonly Flag _follow;
    private readonly Setting<string?> _since;
    private readonly Setting<string> _tail;
    private readonly Flag _timestamps;
    private readonly Setting<string?> _until;

    public LogsCommand() : base("[OPTIONS] CONTAINER")
    {
        Examples = [("logs -f --tail 20 web", "The last 20 lines, and what comes"), ("logs -t --since 10m web", "What was said in the last ten minutes, with times")];
        ArgumentsMin = ArgumentsMax = 1;
        _details = AddFlag("details", null, "Show extra details provided to logs");
        _follow = AddFlag("follow", 'f', "Follow log output");
        _since = AddText("since", null, "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)");
        _tail = AddText("tail", 'n', "Number of lines to show from the end of the logs", "all", "string");
        _timestamps = AddFlag("timestamps", 't', "Show timestamps");
        _until = AddText("until", null, "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var now = DateTimeOffset.UtcNow;
        var query = new Query().Add("stdout", true).Add("stderr", true).Add("follow", _follow).Add("timestamps", _timestamps).Add("details", _details).Add("tail", _tail.Value)
            .Add("since", _since.Value is { Length: > 0 } since ? TimeArgument.ToTimestamp(since, now) : null)
            .Add("until", _until.Value is { Length: > 0 } until ? TimeArgument.ToTimestamp(until, now) : null);
        using var response = session.Api.Send("GET", $"/containers/{arguments[0]}/logs{query}");
        var raw = response.Headers.GetValueOrDefault("Content-Type") switch
        {
            "application/vnd.docker.raw-stream" => true,
            "application/vnd.docker.multiplexed-stream" => false,
            _ => session.Api.Get($"/containers/{arguments[0]}/json", DockerApiJson.Default.ContainerInspect).Config.Tty,
        };
        if (raw) StreamCopy.Raw(response.Body.Read, session.Output);
        else StreamCopy.Demultiplex(response.Body.Read, session.Output, session.ErrorOutput);
        return 0;
    }
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Containers;
using Yun.Commands.Format;
using Yun.Commands.Streams;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine console</c>: the machine's serial line on our terminal, until the keys are typed or the machine ends.</summary>
public sealed class MachineConsoleCommand : Command
{
    private readonly Setting<string?> _detachKeys;
    private readonly Flag _logs, _noInput;

    public MachineConsoleCommand() : base("[OPTIONS] MACHINE")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _detachKeys = AddText("detach-keys", null, "Override the key sequence for leaving the console");
        _logs = AddFlag("logs", null, "Show first what the line has said");
        _noInput = AddFlag("no-stdin", null, "Do not attach STDIN");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("stdin", _noInput ? "0" : "1").Add("logs", _logs).Add("detachKeys", _detachKeys.Value ?? session.Configuration.DetachKeys);
        using var streams = new AttachedStreams(session, session.Api.Hijack($"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/console{query}"), tty: true);
        streams.Run(!_noInput, output: true, ContainerAttachment.KeysOf(session, _detachKeys.Value));
        return 0;
    }
}

/// <summary><c>yun machine logs</c>.</summary>
public sealed class MachineLogsCommand : Command
{
    private readonly Flag _follow, _timestamps;
    private readonly Setting<string?> _since, _until;
    private readonly Setting<string> _tail;

    public MachineLogsCommand() : base("[OPTIONS] MACHINE")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _follow = AddFlag("follow", 'f', "Follow log output");
        _since = AddText("since", null, "Show logs since timestamp or relative (e.g. \"42m\" for 42 minutes)");
        _tail = AddText("tail", 'n', "Number of lines to show from the end of the logs", "all", "string");
        _timestamps = AddFlag("timestamps", 't', "Show timestamps");
        _until = AddText("until", null, "Show logs before a timestamp or relative (e.g. \"42m\" for 42 minutes)");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var now = DateTimeOffset.UtcNow;
        var query = new Query().Add("follow", _follow).Add("timestamps", _timestamps).Add("tail", _tail.Value)
            .Add("since", _since.Value is { Length: > 0 } since ? TimeArgument.ToTimestamp(since, now) : null).Add("until", _until.Value is { Length: > 0 } until ? TimeArgument.ToTimestamp(until, now) : null);
        using var response = session.Api.Send("GET", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/logs{query}");
        StreamCopy.Raw(response.Body.Read, session.Output);
        return 0;
    }
}

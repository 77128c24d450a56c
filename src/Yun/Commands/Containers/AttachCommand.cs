using Yun.Commands.CommandLine;
using Yun.Commands.Streams;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun attach</c>.</summary>
public sealed class AttachCommand : Command
{
    private readonly Setting<string?> _detachKeys;
    private readonly Flag _noInput;
    private readonly Flag _signalProxy;

    public AttachCommand() : base("[OPTIONS] CONTAINER")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _detachKeys = AddText("detach-keys", null, "Override the key sequence for detaching a container");
        _noInput = AddFlag("no-stdin", null, "Do not attach STDIN");
        _signalProxy = AddFlag("sig-proxy", null, "Proxy all received signals to the process", value: true);
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var container = session.Api.Get($"/containers/{arguments[0]}/json", DockerApiJson.Default.ContainerInspect);
        if (!container.State.Running) throw new FailureException("You cannot attach to a stopped container, start it first");
        if (container.State.Paused) throw new FailureException("cannot attach to a paused container, unpause it first");
        if (container.State.Restarting) throw new FailureException("cannot attach to a restarting container, wait until it is running");
        var tty = container.Config.Tty;
        var input = !_noInput && container.Config.OpenStdin;
        if (input && tty && !session.InputIsTerminal) throw new FailureException("cannot attach stdin to a TTY-enabled container because stdin is not a terminal");
        using var wait = session.Api.Send("POST", $"/containers/{container.Id}/wait?condition=not-running");
        using var streams = ContainerAttachment.Open(session, container.Id, tty, input, true, true, _detachKeys.Value);
        using var signals = _signalProxy && !tty ? OwnSignals.Forward(session.Api, container.Id) : null;
        using var resize = tty && session.OutputIsTerminal ? Redraw(session, container.Id) : null;
        if (!streams.Run(input, true, ContainerAttachment.KeysOf(session, _detachKeys.Value))) throw new FailureException("read escape sequence");
        return ContainerAttachment.ExitCode(wait);
    }

    // Programs draw their screen again when the size changes, and only then; so it changes and changes back.
    private static IDisposable Redraw(Session session, string id)
    {
        if (Linux.TerminalMode.Size(1) is var (rows, columns)) session.Api.Do("POST", $"/containers/{id}/resize?h={rows + 1}&w={columns + 1}");
        return ContainerAttachment.FollowSize(session, $"/containers/{id}");
    }
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Streams;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun start</c>.</summary>
public sealed class StartCommand : Command
{
    private readonly Flag _attach;
    private readonly Setting<string?> _detachKeys;
    private readonly Flag _interactive;
    private readonly Setting<string?> _checkpoint;

    public StartCommand() : base("[OPTIONS] CONTAINER [CONTAINER...]")
    {
        ArgumentsMin = 1;
        _attach = AddFlag("attach", 'a', "Attach STDOUT/STDERR and forward signals");
        _checkpoint = Add(new Setting<string?>("checkpoint", null, "string", "Restore from this checkpoint", null, text => text) { Hidden = true });
        _detachKeys = AddText("detach-keys", null, "Override the key sequence for detaching a container");
        _interactive = AddFlag("interactive", 'i', "Attach container's STDIN");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("checkpoint", _checkpoint.Value);
        if (!_attach && !_interactive)
        {
            var exitCode = session.ForEach(arguments, name => { session.Api.Do("POST", $"/containers/{name}/start{query}"); });
            if (exitCode != 0) session.Error.WriteLine($"Error: failed to start containers: {string.Join(", ", arguments)}");
            return exitCode;
        }
        if (arguments.Count > 1) throw new FailureException("you cannot start and attach multiple containers at once");
        var container = session.Api.Get($"/containers/{arguments[0]}/json", DockerApiJson.Default.ContainerInspect);
        var tty = container.Config.Tty;
        var input = _interactive && container.Config.OpenStdin;
        using var signals = tty ? null : OwnSignals.Forward(session.Api, container.Id);
        using var streams = ContainerAttachment.Open(session, container.Id, tty, input, true, true, _detachKeys.Value);
        using var wait = session.Api.Send("POST", $"/containers/{container.Id}/wait?condition={(container.HostConfig.AutoRemove ? "removed" : "next-exit")}");
        session.Api.Do("POST", $"/containers/{container.Id}/start{query}");
        using var resize = tty && session.OutputIsTerminal ? ContainerAttachment.FollowSize(session, $"/containers/{container.Id}") : null;
        return streams.Run(input, true, ContainerAttachment.KeysOf(session, _detachKeys.Value)) ? ContainerAttachment.ExitCode(wait) : 0;
    }
}

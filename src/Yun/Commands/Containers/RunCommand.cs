using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Streams;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun run</c>: create, attach, start, and wait, with the container's exit code as our own.</summary>
public sealed class RunCommand : ContainerOptions
{
    private readonly Flag _detach;
    private readonly Setting<string?> _detachKeys;
    private readonly Flag _signalProxy;

    public RunCommand() : base("[OPTIONS] IMAGE [COMMAND] [ARG...]")
    {
        PointsToHelp = true;
        Examples =
        [
            ("run --rm -it debian bash", "A shell in a new container, which is removed at its end"),
            ("run -d --name web -p 8080:80 -v data:/var/lib/data --restart unless-stopped nginx", "A service in the background, on port 8080 of this machine, with a volume"),
        ];
        DeclareOptions();
        _detach = AddFlag("detach", 'd', "Run container in background and print container ID");
        _detachKeys = AddText("detach-keys", null, "Override the key sequence for detaching a container");
        _signalProxy = AddFlag("sig-proxy", null, "Proxy received signals to the process", value: true);
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_detach && Attached.Count > 0) throw new FailureException("conflicting options: cannot attach while detaching (-d -a)", 125);
        var request = ToRequest(arguments, _detach);
        if (request is { AttachStdin: true, Tty: true } && !session.InputIsTerminal)
        {
            throw new FailureException("cannot attach stdin to a TTY-enabled container because stdin is not a terminal", 125);
        }
        if (request.Tty && Linux.TerminalMode.Size(1) is var (rows, columns)) request.HostConfig!.ConsoleSize = [rows, columns];
        using var file = ContainerIdentityFile.Open(ContainerIdFile);
        var id = new ContainerCreation(session, Name, Platform, PullPolicy, PullsQuietly).Create(request);
        file?.Write(id);
        if (request.AttachStdin || request.AttachStdout || request.AttachStderr) return RunAttached(session, id, request);
        session.Out.WriteLine(id);
        session.Out.Flush();
        session.Api.Do("POST", $"/containers/{id}/start");
        return 0;
    }

    private int RunAttached(Session session, string id, ContainerCreateRequest request)
    {
        var keys = ContainerAttachment.KeysOf(session, _detachKeys.Value);
        using var signals = _signalProxy && !request.Tty ? OwnSignals.Forward(session.Api, id) : null;
        using var streams = ContainerAttachment.Open(session, id, request.Tty, request.AttachStdin, request.AttachStdout, request.AttachStderr, _detachKeys.Value);
        using var wait = session.Api.Send("POST", $"/containers/{id}/wait?condition={(RemovesItself ? "removed" : "next-exit")}");
        try
        {
            session.Api.Do("POST", $"/containers/{id}/start");
        }
        catch (ApiException)
        {
            // With --rm the daemon takes it away; our error should not come before that is done.
            if (RemovesItself) _ = wait.ReadAll();
            throw;
        }
        using var resize = request.Tty && session.OutputIsTerminal ? ContainerAttachment.FollowSize(session, $"/containers/{id}") : null;
        if (!streams.Run(request.AttachStdin, request.AttachStdout || request.AttachStderr, keys)) return 0;
        return ContainerAttachment.ExitCode(wait);
    }

    /// <summary>126: the program could not be run; 127: there is none; 125: the container could not be made.</summary>
    public override int FailureCode(Exception error) =>
        error.Message.Contains("executable file not found", StringComparison.Ordinal) || error.Message.Contains("no such file or directory", StringComparison.Ordinal)
            || error.Message.Contains("system cannot find the file specified", StringComparison.Ordinal) ? 127
        : error.Message.Contains("permission denied", StringComparison.OrdinalIgnoreCase) || error.Message.Contains("is a directory", StringComparison.Ordinal)
            || error.Message.Contains("exec format error", StringComparison.Ordinal) ? 126
        : 125;
}

using System.Text.Json;
using Yun.Commands.CommandLine;
using Yun.Commands.Streams;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun exec</c>.</summary>
public sealed class ExecCommand : Command
{
    private readonly Flag _detach;
    private readonly Setting<string?> _detachKeys;
    private readonly ListOption<string> _env;
    private readonly ListOption<string> _envFile;
    private readonly Flag _interactive;
    private readonly Flag _privileged;
    private readonly Flag _tty;
    private readonly Setting<string?> _user;
    private readonly Setting<string?> _workDirectory;

    public ExecCommand() : base("[OPTIONS] CONTAINER COMMAND [ARG...]")
    {
        Examples =
        [
            ("exec -it web sh", "A shell in a container that runs"),
            ("exec -u postgres db pg_dump shop >shop.sql", "A command as another user, its output into a file of this machine"),
        ];
        ArgumentsMin = 2;
        StopsAtFirstArgument = true;
        _detach = AddFlag("detach", 'd', "Detached mode: run command in the background");
        _detachKeys = AddText("detach-keys", null, "Override the key sequence for detaching a container");
        _env = AddList("env", 'e', "Set environment variables");
        _envFile = AddList("env-file", null, "Read in a file of environment variables");
        _interactive = AddFlag("interactive", 'i', "Keep STDIN open even if not attached");
        _privileged = AddFlag("privileged", null, "Give extended privileges to the command");
        _tty = AddFlag("tty", 't', "Allocate a pseudo-TTY");
        _user = AddText("user", 'u', "Username or UID (format: \"<name|uid>[:<group|gid>]\")");
        _workDirectory = AddText("workdir", 'w', "Working directory inside the container");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var request = new ExecCreateRequest
        {
            User = _user.Value,
            Privileged = _privileged,
            Tty = _tty,
            AttachStdin = _interactive && !_detach,
            AttachStdout = !_detach,
            AttachStderr = !_detach,
            DetachKeys = _detachKeys.Value ?? session.Configuration.DetachKeys,
            Env = EnvironmentArguments.Variables(_envFile.Values, _env.Values),
            WorkingDir = _workDirectory.Value,
            Cmd = [.. arguments.Skip(1)],
        };
        if (request is { AttachStdin: true, Tty: true } && !session.InputIsTerminal)
        {
            throw new FailureException("cannot attach stdin to a TTY-enabled container because stdin is not a terminal");
        }
        int[]? size = _tty && Linux.TerminalMode.Size(1) is var (rows, columns) ? [rows, columns] : null;
        request.ConsoleSize = size;
        string id;
        using (var created = session.Api.Post($"/containers/{arguments[0]}/exec", request, DockerApiJson.Default.ExecCreateRequest))
        {
            id = created.Read(DockerApiJson.Default.IdResponse).Id;
        }
        var start = new ExecStartRequest { Detach = _detach, Tty = _tty, ConsoleSize = size };
        if (_detach)
        {
            using var started = session.Api.Post($"/exec/{id}/start", start, DockerApiJson.Default.ExecStartRequest);
            return 0;
        }
        var stream = session.Api.Hijack($"/exec/{id}/start", JsonSerializer.SerializeToUtf8Bytes(start, DockerApiJson.Default.ExecStartRequest));
        using (var streams = new AttachedStreams(session, stream, _tty))
        using (_tty && session.OutputIsTerminal ? ContainerAttachment.FollowSize(session, $"/exec/{id}") : null)
        {
            if (!streams.Run(request.AttachStdin, output: true, ContainerAttachment.KeysOf(session, _detachKeys.Value))) throw new FailureException("read escape sequence");
        }
        return session.Api.Get($"/exec/{id}/json", DockerApiJson.Default.ExecInspect).ExitCode ?? 0;
    }
}

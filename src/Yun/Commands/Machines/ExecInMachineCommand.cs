using System.Net;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;
using Yun.Node.Machines;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine exec</c>: a command in the guest, whose exit code becomes ours. What it wrote comes when it has ended.</summary>
public sealed class ExecInMachineCommand : Command
{
    private const int CannotStart = 127;

    private readonly ListOption<string> _env;
    private readonly Flag _interactive;
    private readonly Setting<long?> _timeout;

    public ExecInMachineCommand() : base("[OPTIONS] MACHINE COMMAND [ARG...]")
    {
        Examples =
        [
            ("machine exec web uname -a", "A command in the guest, which needs the package qemu-guest-agent there"),
            ("machine exec -i web sh -c 'cat >/etc/motd' <motd", "A file of this machine as its input"),
        ];
        ArgumentsMin = 2;
        StopsAtFirstArgument = true;
        _env = AddList("env", 'e', "Set environment variables, in place of all that the agent has");
        _interactive = AddFlag("interactive", 'i', "Give it our STDIN, read to its end");
        _timeout = AddNumber("timeout", null, "Seconds to wait for its end", "0");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var command = new GuestCommand { Cmd = [.. arguments.Skip(1)], Env = _env.Values.Count > 0 ? [.. _env.Values] : null, Stdin = _interactive ? ReadInput(session.Input) : null, Timeout = (int)Math.Clamp(_timeout.Value ?? 0, int.MinValue, int.MaxValue) };
        GuestExit exit;
        try
        {
            using var response = session.Api.Post($"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/exec", command, DockerApiJson.Default.GuestCommand);
            exit = response.Read(DockerApiJson.Default.GuestExit);
        }
        catch (ApiException refused) when (refused.Status == HttpStatusCode.BadRequest) { throw new FailureException(Failures.Describe(refused), CannotStart); }
        session.Output.Write(exit.Stdout);
        session.ErrorOutput.Write(exit.Stderr);
        if (exit.Truncated) session.Error.WriteLine("The agent keeps 16 MiB of what a command writes: the rest is lost.");
        return exit.ExitCode;
    }

    private static byte[] ReadInput(Stream input)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int read; (read = input.Read(buffer)) > 0; bytes.Write(buffer, 0, read))
            if (bytes.Length + read > GuestCommand.StdinBytesMax) throw new FailureException(GuestCommand.StdinTooLong);
        return bytes.ToArray();
    }
}

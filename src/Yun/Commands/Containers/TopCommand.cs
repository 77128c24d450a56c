using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun top CONTAINER</c>, a container's processes, and <c>yun top</c>, the live table of containers, which Docker's has not.</summary>
public sealed class TopCommand : Command
{
    private const int WidthMin = 20;

    public TopCommand() : base(ProgramName.IsDocker ? "CONTAINER [ps OPTIONS]" : "[CONTAINER [ps OPTIONS]]")
    {
        ArgumentsMin = ProgramName.IsDocker ? 1 : 0;
        if (!ProgramName.IsDocker) Details = "Without a container: a live table of those that run, on the whole terminal.";
        StopsAtFirstArgument = true;
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0) return ShowAll(session);
        var query = new Query().Add("ps_args", string.Join(' ', arguments.Skip(1)));
        var top = session.Api.Get($"/containers/{arguments[0]}/top{query}", DockerApiJson.Default.ContainerTopResponse);
        var lines = (top.Processes ?? []).Prepend(top.Titles ?? []).Select(line => string.Join('\t', line));
        session.Out.Write(Table.Align(string.Join('\n', lines), widthMin: WidthMin));
        return 0;
    }

    private static int ShowAll(Session session)
    {
        if (!session.InputIsTerminal || !session.OutputIsTerminal)
        {
            throw new FailureException("yun top shows a live table and needs a terminal; yun stats --no-stream prints the same once, yun top CONTAINER a container's processes");
        }
        using var view = new LiveView(session);
        view.Show();
        return 0;
    }
}

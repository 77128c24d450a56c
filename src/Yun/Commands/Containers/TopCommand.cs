using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun top</c>.</summary>
public sealed class TopCommand : Command
{
    private const int WidthMin = 20;

    public TopCommand() : base("CONTAINER [ps OPTIONS]")
    {
        ArgumentsMin = 1;
        StopsAtFirstArgument = true;
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("ps_args", string.Join(' ', arguments.Skip(1)));
        var top = session.Api.Get($"/containers/{arguments[0]}/top{query}", DockerApiJson.Default.ContainerTopResponse);
        var lines = (top.Processes ?? []).Prepend(top.Titles ?? []).Select(line => string.Join('\t', line));
        session.Out.Write(Table.Align(string.Join('\n', lines), widthMin: WidthMin));
        return 0;
    }
}

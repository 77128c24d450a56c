using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

/// <summary><c>yun node drain</c>: empties this node for its maintenance. What cannot move is kept as it is, to go on from there.</summary>
public sealed class DrainNodeCommand : Command
{
    private readonly Setting<string?> _to;
    private readonly Setting<long?> _timeout;

    public DrainNodeCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        Examples = [("node drain --to unix:///run/other.sock", "Machines move to another daemon, or are saved; containers stop")];
        _to = AddText("to", null, "Daemon that machines move to (default: they are saved, and their start goes on from there)", "string");
        _timeout = AddNumber("timeout", 't', "Seconds to wait for a container before it is killed");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var failed = false;
        foreach (var machine in session.Api.Get("/yun/v1/machines/json", DockerApiJson.Default.ListMachineSummary))
        {
            var route = $"/yun/v1/machines/{machine.Id}";
            if (_to.Value is { } to && Try($"moved {machine.Name} to {to}", route + "/move" + new Query().Add("to", to))) continue;
            failed |= !Try($"saved {machine.Name}", route + "/save");
        }
        foreach (var container in session.Api.Get("/containers/json", DockerApiJson.Default.ListContainerSummary))
            failed |= !Try($"stopped {container.Names.FirstOrDefault()?.TrimStart('/')}", $"/containers/{container.Id}/stop" + new Query().Add("t", _timeout.Value));
        return failed ? 1 : 0;

        bool Try(string done, string route)
        {
            try
            {
                session.Api.Do("POST", route);
                session.Out.WriteLine(done);
                session.Out.Flush();
                return true;
            }
            catch (ApiException error)
            {
                session.Error.WriteLine(error.Message);
                return false;
            }
        }
    }
}

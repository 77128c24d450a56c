using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine move</c>.</summary>
public sealed class MoveMachineCommand : Command
{
    public MoveMachineCommand() : base("MACHINE DAEMON")
    {
        ArgumentsMin = ArgumentsMax = 2;
        Details = "DAEMON is where the other daemon listens, as seen from the one that the machine leaves: unix:///path, which ssh -L can lead to another host.";
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/move{new Query().Add("to", arguments[1])}");
        session.Out.WriteLine(arguments[0]);
        return 0;
    }
}

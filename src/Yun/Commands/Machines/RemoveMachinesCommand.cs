using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine rm</c>.</summary>
public sealed class RemoveMachinesCommand : Command
{
    private readonly Flag _force;

    public RemoveMachinesCommand() : base("[OPTIONS] MACHINE [MACHINE...]")
    {
        ArgumentsMin = 1;
        _force = AddFlag("force", 'f', "Pull the plug of a running machine first");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("DELETE", $"/yun/v1/machines/{Uri.EscapeDataString(name)}{new Query().Add("force", _force)}"); });
}

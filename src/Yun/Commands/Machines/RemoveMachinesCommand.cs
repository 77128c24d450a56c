using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine rm</c>.</summary>
public sealed class RemoveMachinesCommand : Command
{
    private readonly Flag _force;
    private readonly Setting<string?> _hypervisor;

    public RemoveMachinesCommand() : base("[OPTIONS] MACHINE [MACHINE...]")
    {
        ArgumentsMin = 1;
        _force = AddFlag("force", 'f', "Pull the plug of a running machine first");
        _hypervisor = Add(HypervisorOption.Make());
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("DELETE", $"/yun/v1/machines/{Uri.EscapeDataString(name)}{_hypervisor.Query().Add("force", _force)}"); });
}

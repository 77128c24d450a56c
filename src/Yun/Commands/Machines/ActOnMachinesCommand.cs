using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine kill</c>, <c>pause</c>, <c>resume</c>, <c>save</c>: one thing, done to each machine that is named.</summary>
/// <param name="action">The last part of the route.</param>
public sealed class ActOnMachinesCommand : Command
{
    private readonly string _action;
    private readonly Setting<string?> _hypervisor;

    public ActOnMachinesCommand(string action) : base("[OPTIONS] MACHINE [MACHINE...]")
    {
        (_action, ArgumentsMin) = (action, 1);
        _hypervisor = Add(HypervisorOption.Make());
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) => session.ForEach(arguments, name => { session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(name)}/{_action}{_hypervisor.Query()}"); });
}

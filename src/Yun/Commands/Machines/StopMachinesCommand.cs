using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine stop</c> and <c>restart</c>.</summary>
public sealed class StopMachinesCommand : Command
{
    private readonly string _action;
    private readonly Setting<string?> _hypervisor;
    private readonly Setting<long?> _timeout;

    public StopMachinesCommand(bool restart) : base("[OPTIONS] MACHINE [MACHINE...]")
    {
        (_action, ArgumentsMin) = (restart ? "restart" : "stop", 1);
        _hypervisor = Add(HypervisorOption.Make());
        _timeout = AddNumber("timeout", 't', "Seconds to wait for the guest before its plug is pulled");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(name)}/{_action}{_hypervisor.Query().Add("t", _timeout.Value)}"); });
}

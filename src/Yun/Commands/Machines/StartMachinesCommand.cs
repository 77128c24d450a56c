using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine start</c>.</summary>
public sealed class StartMachinesCommand : Command
{
    private readonly Flag _fresh;
    private readonly Setting<string?> _hypervisor;

    public StartMachinesCommand() : base("[OPTIONS] MACHINE [MACHINE...]")
    {
        ArgumentsMin = 1;
        _fresh = AddFlag("fresh", null, "Throw a saved state away, and start as after a power cut");
        _hypervisor = Add(HypervisorOption.Make());
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(name)}/start{_hypervisor.Query().Add("fresh", _fresh)}"); });
}

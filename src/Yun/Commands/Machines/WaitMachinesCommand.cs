using Yun.Commands.CommandLine;
using Yun.Commands.Containers;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine wait</c>.</summary>
public sealed class WaitMachinesCommand : Command
{
    public WaitMachinesCommand() : base("MACHINE [MACHINE...]") => ArgumentsMin = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        foreach (var name in arguments)
        {
            using var wait = session.Api.Send("POST", $"/yun/v1/machines/{Uri.EscapeDataString(name)}/wait");
            session.Out.WriteLine(ContainerAttachment.ExitCode(wait));
            session.Out.Flush();
        }
        return 0;
    }
}

using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine kernel inspect</c>.</summary>
public sealed class InspectKernelCommand() : Command("")
{
    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        session.Out.WriteLine(session.Api.Get("/yun/v1/machines/kernel", DockerApiJson.Default.MachineKernelInfo).Release);
        return 0;
    }
}

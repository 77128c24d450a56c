using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine clone</c>.</summary>
public sealed class CloneMachineCommand : Command
{
    public CloneMachineCommand() : base("MACHINE [NAME]") => (ArgumentsMin, ArgumentsMax) = (1, 2);

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        using var response = session.Api.Send("POST", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/clone{new Query().Add("name", arguments is [_, var name] ? name : null)}");
        session.Out.WriteLine(response.Read(DockerApiJson.Default.MachineCreateResponse).Id);
        return 0;
    }
}

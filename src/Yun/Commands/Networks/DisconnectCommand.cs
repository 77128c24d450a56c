using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Networks;

/// <summary><c>yun network disconnect</c>.</summary>
public sealed class DisconnectCommand : Command
{
    private readonly Flag _force;

    public DisconnectCommand() : base("[OPTIONS] NETWORK CONTAINER")
    {
        ArgumentsMin = ArgumentsMax = 2;
        _force = AddFlag("force", 'f', "Force the container to disconnect from a network");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var request = new NetworkDisconnectRequest { Container = arguments[1], Force = _force };
        using var response = session.Api.Post($"/networks/{arguments[0]}/disconnect", request, DockerApiJson.Default.NetworkDisconnectRequest);
        return 0;
    }
}

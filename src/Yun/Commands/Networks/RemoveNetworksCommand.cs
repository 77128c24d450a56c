using System.Net;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Networks;

/// <summary><c>yun network rm</c>.</summary>
public sealed class RemoveNetworksCommand : Command
{
    private readonly Flag _force;

    public RemoveNetworksCommand() : base("NETWORK [NETWORK...]")
    {
        ArgumentsMin = 1;
        _force = AddFlag("force", 'f', "Do not error if the network does not exist");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) => session.ForEach(arguments, name =>
    {
        try
        {
            session.Api.Do("DELETE", $"/networks/{name}");
            return true;
        }
        catch (ApiException error) when (_force && error.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
    });
}

using System.Net;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary><c>yun rm</c>.</summary>
public sealed class RemoveContainersCommand : Command
{
    private readonly Flag _force;
    private readonly Flag _link;
    private readonly Flag _volumes;

    public RemoveContainersCommand() : base("[OPTIONS] CONTAINER [CONTAINER...]")
    {
        ArgumentsMin = 1;
        _force = AddFlag("force", 'f', "Force the removal of a running container (uses SIGKILL)");
        _link = AddFlag("link", 'l', "Remove the specified link");
        _volumes = AddFlag("volumes", 'v', "Remove anonymous volumes associated with the container");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("v", _volumes).Add("link", _link).Add("force", _force);
        return session.ForEach(arguments, name =>
        {
            try
            {
                session.Api.Do("DELETE", $"/containers/{name.TrimStart('/')}{query}");
                return true;
            }
            catch (ApiException error) when (_force && error.Status == HttpStatusCode.NotFound)
            {
                // Gone is what was asked for; the user still reads that it was not there.
                session.Error.WriteLine(Failures.Describe(error));
                return false;
            }
        });
    }
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Volumes;

/// <summary><c>yun volume rm</c>.</summary>
public sealed class RemoveVolumesCommand : Command
{
    private readonly Flag _force;

    public RemoveVolumesCommand() : base("[OPTIONS] VOLUME [VOLUME...]")
    {
        ArgumentsMin = 1;
        _force = AddFlag("force", 'f', "Force the removal of one or more volumes");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("force", _force);
        return session.ForEach(arguments, name => { session.Api.Do("DELETE", $"/volumes/{name}{query}"); });
    }
}

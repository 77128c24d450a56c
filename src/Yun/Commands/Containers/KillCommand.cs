using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary><c>yun kill</c>.</summary>
public sealed class KillCommand : Command
{
    private readonly Setting<string?> _signal;

    public KillCommand() : base("[OPTIONS] CONTAINER [CONTAINER...]")
    {
        ArgumentsMin = 1;
        _signal = AddText("signal", 's', "Signal to send to the container");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("signal", _signal.Value);
        return session.ForEach(arguments, name => { session.Api.Do("POST", $"/containers/{name}/kill{query}"); });
    }
}

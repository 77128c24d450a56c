using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary><c>yun stop</c> and <c>yun restart</c>.</summary>
public sealed class StopCommand : Command
{
    private readonly bool _restart;
    private readonly Setting<string?> _signal;
    private readonly Setting<long?> _timeout;

    public StopCommand(bool restart) : base("[OPTIONS] CONTAINER [CONTAINER...]")
    {
        _restart = restart;
        ArgumentsMin = 1;
        _signal = AddText("signal", 's', "Signal to send to the container");
        _timeout = AddNumber("timeout", 't', "Seconds to wait before killing the container");
        Add(new ListOption<string>("time", null, "int", "Seconds to wait before killing the container", text => { _timeout.Accept(text); return []; }) { Hidden = true });
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("signal", _signal.Value).Add("t", _timeout.Value);
        return session.ForEach(arguments, name => { session.Api.Do("POST", $"/containers/{name}/{(_restart ? "restart" : "stop")}{query}"); });
    }
}

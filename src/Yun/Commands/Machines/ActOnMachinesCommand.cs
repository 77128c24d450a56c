using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine kill</c>, <c>pause</c>, <c>resume</c>, <c>save</c>: one thing, done to each machine that is named.</summary>
/// <param name="action">The last part of the route.</param>
public sealed class ActOnMachinesCommand : Command
{
    private readonly string _action;

    public ActOnMachinesCommand(string action) : base("MACHINE [MACHINE...]") => (_action, ArgumentsMin) = (action, 1);

    public override int Run(Session session, IReadOnlyList<string> arguments) => session.ForEach(arguments, name => { session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(name)}/{_action}"); });
}

/// <summary><c>yun machine start</c>.</summary>
public sealed class StartMachinesCommand : Command
{
    private readonly Flag _fresh;

    public StartMachinesCommand() : base("[OPTIONS] MACHINE [MACHINE...]")
    {
        ArgumentsMin = 1;
        _fresh = AddFlag("fresh", null, "Throw a saved state away, and start as after a power cut");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(name)}/start{new Query().Add("fresh", _fresh)}"); });
}

/// <summary><c>yun machine stop</c> and <c>restart</c>.</summary>
public sealed class StopMachinesCommand : Command
{
    private readonly string _action;
    private readonly Setting<long?> _timeout;

    public StopMachinesCommand(bool restart) : base("[OPTIONS] MACHINE [MACHINE...]")
    {
        (_action, ArgumentsMin) = (restart ? "restart" : "stop", 1);
        _timeout = AddNumber("timeout", 't', "Seconds to wait for the guest before its plug is pulled");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(name)}/{_action}{new Query().Add("t", _timeout.Value)}"); });
}

/// <summary><c>yun machine rm</c>.</summary>
public sealed class RemoveMachinesCommand : Command
{
    private readonly Flag _force;

    public RemoveMachinesCommand() : base("[OPTIONS] MACHINE [MACHINE...]")
    {
        ArgumentsMin = 1;
        _force = AddFlag("force", 'f', "Pull the plug of a running machine first");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("DELETE", $"/yun/v1/machines/{Uri.EscapeDataString(name)}{new Query().Add("force", _force)}"); });
}

/// <summary><c>yun machine wait</c>.</summary>
public sealed class WaitMachinesCommand : Command
{
    public WaitMachinesCommand() : base("MACHINE [MACHINE...]") => ArgumentsMin = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        foreach (var name in arguments)
        {
            using var wait = session.Api.Send("POST", $"/yun/v1/machines/{Uri.EscapeDataString(name)}/wait");
            session.Out.WriteLine(Containers.ContainerAttachment.ExitCode(wait));
            session.Out.Flush();
        }
        return 0;
    }
}

/// <summary><c>yun machine move</c>.</summary>
public sealed class MoveMachineCommand : Command
{
    public MoveMachineCommand() : base("MACHINE DAEMON")
    {
        ArgumentsMin = ArgumentsMax = 2;
        Details = "DAEMON is where the other daemon listens, as seen from the one that the machine leaves: unix:///path, which ssh -L can lead to another host.";
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/move{new Query().Add("to", arguments[1])}");
        session.Out.WriteLine(arguments[0]);
        return 0;
    }
}

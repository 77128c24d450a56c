using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine snapshot create</c>, <c>snapshot rm</c> and <c>restore</c>.</summary>
public sealed class SnapshotCommand : Command
{
    private readonly string _method, _action;

    public SnapshotCommand(string method, string action) : base("MACHINE SNAPSHOT") => (_method, _action, ArgumentsMin, ArgumentsMax) = (method, action, 2, 2);

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        session.Api.Do(_method, $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/snapshots/{Uri.EscapeDataString(arguments[1])}{_action}");
        session.Out.WriteLine(arguments[1]);
        return 0;
    }
}

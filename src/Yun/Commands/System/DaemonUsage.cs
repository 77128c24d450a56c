using Yun.Commands.CommandLine;

namespace Yun.Commands;

/// <summary>Lists <c>yun daemon</c> among the commands; it is run before any of this is made, since it is no client.</summary>
public sealed class DaemonUsage() : Command("[OPTIONS]")
{
    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        throw new FailureException("The daemon is started as: yun daemon [OPTIONS], without options in front of the word.");
}

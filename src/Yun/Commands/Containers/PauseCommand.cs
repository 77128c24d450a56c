using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary><c>yun pause</c>.</summary>
public sealed class PauseCommand : Command
{
    public PauseCommand() : base("CONTAINER [CONTAINER...]") => ArgumentsMin = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("POST", $"/containers/{name}/pause"); });
}

/// <summary><c>yun unpause</c>.</summary>
public sealed class UnpauseCommand : Command
{
    public UnpauseCommand() : base("CONTAINER [CONTAINER...]") => ArgumentsMin = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments) =>
        session.ForEach(arguments, name => { session.Api.Do("POST", $"/containers/{name}/unpause"); });
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary><c>yun rename</c>.</summary>
public sealed class RenameCommand : Command
{
    public RenameCommand() : base("CONTAINER NEW_NAME") => ArgumentsMin = ArgumentsMax = 2;

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (arguments[0].Length == 0 || arguments[1].Length == 0) throw new FailureException("Error: Neither old nor new names may be empty");
        session.Api.Do("POST", $"/containers/{arguments[0]}/rename{new Query().Add("name", arguments[1])}");
        return 0;
    }
}

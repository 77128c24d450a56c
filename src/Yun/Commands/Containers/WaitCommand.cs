using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary><c>yun wait</c>.</summary>
public sealed class WaitCommand : Command
{
    public WaitCommand() : base("CONTAINER [CONTAINER...]") => ArgumentsMin = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var failed = 0;
        foreach (var name in arguments)
        {
            try
            {
                using var wait = session.Api.Send("POST", $"/containers/{name}/wait");
                session.Out.WriteLine(ContainerAttachment.ExitCode(wait));
            }
            catch (ApiException error)
            {
                session.Error.WriteLine(Failures.Describe(error));
                failed = 1;
            }
            session.Out.Flush();
        }
        return failed;
    }
}

using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine disk rm</c>.</summary>
public sealed class RemoveDisksCommand : Command
{
    public RemoveDisksCommand() : base("DISK [DISK...]") => ArgumentsMin = 1;

    public override int Run(Session session, IReadOnlyList<string> arguments) => session.ForEach(arguments, name => { session.Api.Do("DELETE", $"/yun/v1/disks/{Uri.EscapeDataString(name)}"); });
}

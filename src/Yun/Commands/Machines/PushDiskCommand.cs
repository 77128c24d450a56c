using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Images;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine push</c>.</summary>
public sealed class PushDiskCommand : Command
{
    private readonly Setting<long?> _disk;

    public PushDiskCommand() : base("[OPTIONS] MACHINE NAME[:TAG]")
    {
        ArgumentsMin = ArgumentsMax = 2;
        _disk = AddNumber("disk", null, "Which of its disks", "0");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("reference", arguments[1]);
        using var response = session.Api.Send("POST", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/disks/{_disk.Value ?? 0}/push{query}", headers: session.Configuration.AuthHeader(ImageArgument.Parse(arguments[1])));
        new ProgressDisplay(session.Out, session.OutputIsTerminal).Show(response);
        return 0;
    }
}

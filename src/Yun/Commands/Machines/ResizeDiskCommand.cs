using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine resize</c>.</summary>
public sealed class ResizeDiskCommand : Command
{
    private readonly Setting<long?> _disk;

    public ResizeDiskCommand() : base("[OPTIONS] MACHINE SIZE")
    {
        ArgumentsMin = ArgumentsMax = 2;
        _disk = AddNumber("disk", null, "Which of its disks", "0");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        session.Api.Do("POST", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/disks/{_disk.Value ?? 0}/resize{new Query().Add("size", HumanSize.ParseBinary(arguments[1]))}");
        session.Out.WriteLine(arguments[0]);
        return 0;
    }
}

using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine export</c>.</summary>
public sealed class ExportDiskCommand : Command
{
    private readonly Setting<long?> _disk;
    private readonly Setting<string?> _output;

    public ExportDiskCommand() : base("[OPTIONS] MACHINE")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _disk = AddNumber("disk", null, "Which of its disks", "0");
        _output = AddText("output", 'o', "Write to a file, instead of STDOUT");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_output.Value is null && session.OutputIsTerminal) throw new FailureException("cowardly refusing to export to a terminal. Use the -o flag or redirect");
        OutputFile.Check(_output.Value, "export");
        using var response = session.Api.Send("GET", $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/disks/{_disk.Value ?? 0}/export");
        OutputFile.Save(response.Body, _output.Value, session.Output);
        return 0;
    }
}

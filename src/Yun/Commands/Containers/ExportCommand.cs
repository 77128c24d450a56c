using Yun.Commands.CommandLine;

namespace Yun.Commands.Containers;

/// <summary><c>yun export</c>.</summary>
public sealed class ExportCommand : Command
{
    private readonly Setting<string?> _output;

    public ExportCommand() : base("[OPTIONS] CONTAINER")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _output = AddText("output", 'o', "Write to a file, instead of STDOUT");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_output.Value is null && session.OutputIsTerminal) throw new FailureException("cowardly refusing to save to a terminal. Use the -o flag or redirect");
        OutputFile.Check(_output.Value, "export");
        using var response = session.Api.Send("GET", $"/containers/{arguments[0]}/export");
        OutputFile.Save(response.Body, _output.Value, session.Output);
        return 0;
    }
}

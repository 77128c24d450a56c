using Yun.Commands.CommandLine;

namespace Yun.Commands.Volumes;

/// <summary><c>yun volume save</c>.</summary>
public sealed class SaveVolumeCommand : Command
{
    private readonly Setting<string?> _output;

    public SaveVolumeCommand() : base("[OPTIONS] VOLUME")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _output = AddText("output", 'o', "Write to a file, instead of STDOUT");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_output.Value is null && session.OutputIsTerminal) throw new FailureException("cowardly refusing to save to a terminal. Use the -o flag or redirect");
        OutputFile.Check(_output.Value, "save");
        using var response = session.Api.Send("GET", $"/yun/v1/volumes/{arguments[0]}/archive");
        OutputFile.Save(response.Body, _output.Value, session.Output);
        return 0;
    }
}

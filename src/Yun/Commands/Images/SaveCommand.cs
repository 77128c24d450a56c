using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Images;

/// <summary><c>yun save</c>.</summary>
public sealed class SaveCommand : Command
{
    private readonly Setting<string?> _output, _platform;

    public SaveCommand() : base("[OPTIONS] IMAGE [IMAGE...]")
    {
        ArgumentsMin = 1;
        _output = AddText("output", 'o', "Write to a file, instead of STDOUT");
        _platform = AddText("platform", null, "Save only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_output.Value is null && session.OutputIsTerminal) throw new FailureException("cowardly refusing to save to a terminal. Use the -o flag or redirect");
        OutputFile.Check(_output.Value, "save image");
        using var response = session.Api.Send("GET", "/images/get" + new Query().AddEach("names", arguments).Add("platform", _platform.Value));
        OutputFile.Save(response.Body, _output.Value, session.Output);
        return 0;
    }
}

using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;

namespace Yun.Commands.Images;

/// <summary><c>yun load</c>.</summary>
public sealed class LoadCommand : Command
{
    private readonly Setting<string?> _input;
    private readonly Setting<string?> _platform;
    private readonly Flag _quiet;

    public LoadCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _input = AddText("input", 'i', "Read from tar archive file, instead of STDIN");
        _platform = AddText("platform", null, "Load only the given platform variant. Formatted as \"os[/arch[/variant]]\" (e.g., \"linux/amd64\")");
        _quiet = AddFlag("quiet", 'q', "Suppress the load output");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_input.Value is null && session.InputIsTerminal) throw new FailureException("requested load from stdin, but stdin is empty");
        if (_input.Value is { } path && !File.Exists(path)) throw new FailureException($"open {path}: no such file or directory");
        using var file = _input.Value is { } name ? File.OpenRead(name) : null;
        var query = new Query().Add("quiet", _quiet || !session.OutputIsTerminal ? "1" : "0").Add("platform", _platform.Value);
        using var response = session.Api.Send("POST", "/images/load" + query, upload: (file ?? session.Input).CopyTo, contentType: "application/x-tar");
        if (response.Headers.GetValueOrDefault("Content-Type")?.StartsWith("application/json", StringComparison.Ordinal) == true)
        {
            new ProgressDisplay(session.Out, session.OutputIsTerminal).Show(response);
        }
        else response.Body.CopyTo(session.Output);
        return 0;
    }
}

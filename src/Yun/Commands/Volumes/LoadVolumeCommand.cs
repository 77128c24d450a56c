using Yun.Commands.CommandLine;

namespace Yun.Commands.Volumes;

/// <summary><c>yun volume load</c>.</summary>
public sealed class LoadVolumeCommand : Command
{
    private readonly Setting<string?> _input;

    public LoadVolumeCommand() : base("[OPTIONS] VOLUME")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _input = AddText("input", 'i', "Read from tar archive file, instead of STDIN");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_input.Value is null && session.InputIsTerminal) throw new FailureException("requested load from stdin, but stdin is empty");
        if (_input.Value is { } path && !File.Exists(path)) throw new FailureException($"open {path}: no such file or directory");
        using var file = _input.Value is { } name ? File.OpenRead(name) : null;
        using var response = session.Api.Send("PUT", $"/yun/v1/volumes/{arguments[0]}/archive", upload: (file ?? session.Input).CopyTo, contentType: "application/x-tar");
        session.Out.WriteLine(arguments[0]);
        return 0;
    }
}

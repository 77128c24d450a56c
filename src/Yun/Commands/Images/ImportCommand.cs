using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;

namespace Yun.Commands.Images;

/// <summary><c>yun import</c>.</summary>
public sealed class ImportCommand : Command
{
    private readonly ListOption<string> _changes;
    private readonly Setting<string?> _message;
    private readonly Setting<string?> _platform;

    public ImportCommand() : base("[OPTIONS] file|URL|- [REPOSITORY[:TAG]]")
    {
        (ArgumentsMin, ArgumentsMax) = (1, 2);
        _changes = AddList("change", 'c', "Apply Dockerfile instruction to the created image");
        _message = AddText("message", 'm', "Set commit message for imported image");
        _platform = AddText("platform", null, "Set platform if server is multi-platform capable");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var source = arguments[0];
        var remote = source.StartsWith("http://", StringComparison.Ordinal) || source.StartsWith("https://", StringComparison.Ordinal);
        if (!remote && source != "-" && !File.Exists(source)) throw new FailureException($"open {source}: no such file or directory");
        var query = new Query().Add("fromSrc", remote ? source : "-").Add("message", _message.Value).Add("platform", _platform.Value).AddEach("changes", _changes.Values);
        if (arguments.Count > 1) query.Add("repo", arguments[1]);
        using var file = !remote && source != "-" ? File.OpenRead(source) : null;
        Action<Stream>? upload = remote ? null : (file ?? session.Input).CopyTo;
        using var response = session.Api.Send("POST", "/images/create" + query, upload: upload, contentType: "application/x-tar");
        new ProgressDisplay(session.Out, session.OutputIsTerminal).Show(response);
        return 0;
    }
}

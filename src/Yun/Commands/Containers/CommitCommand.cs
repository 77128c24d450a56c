using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Images;
using Yun.DockerApi.Model;
using Yun.Oci;

namespace Yun.Commands.Containers;

/// <summary><c>yun commit</c>.</summary>
public sealed class CommitCommand : Command
{
    private readonly Setting<string?> _author;
    private readonly ListOption<string> _changes;
    private readonly Setting<string?> _message;
    private readonly Flag _pause;

    public CommitCommand() : base("[OPTIONS] CONTAINER [REPOSITORY[:TAG]]")
    {
        (ArgumentsMin, ArgumentsMax) = (1, 2);
        _author = AddText("author", 'a', "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")");
        _changes = AddList("change", 'c', "Apply Dockerfile instruction to the created image");
        _message = AddText("message", 'm', "Commit message");
        _pause = AddFlag("pause", 'p', "Pause container during commit", value: true);
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("container", arguments[0]).Add("author", _author.Value).Add("comment", _message.Value).AddEach("changes", _changes.Values);
        if (!_pause) query.Add("pause", "0");
        if (arguments.Count > 1 && arguments[1].Length > 0)
        {
            var name = ImageArgument.ParseNew(arguments[1]);
            query.Add("repo", name.FamiliarName).Add("tag", name.Tag ?? ImageReference.DefaultTag);
        }
        using var response = session.Api.Send("POST", "/commit" + query, "null"u8.ToArray());
        session.Out.WriteLine(response.Read(DockerApiJson.Default.IdResponse).Id);
        return 0;
    }
}

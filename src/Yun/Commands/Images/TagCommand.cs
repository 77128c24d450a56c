using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Oci;

namespace Yun.Commands.Images;

/// <summary><c>yun tag</c>.</summary>
public sealed class TagCommand : Command
{
    public TagCommand() : base("SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]") => ArgumentsMin = ArgumentsMax = 2;

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var name = ImageArgument.ParseNew(arguments[1]);
        if (name.Digest is not null) throw new FailureException("refusing to create a tag with a digest reference");
        session.Api.Do("POST", $"/images/{arguments[0]}/tag{new Query().Add("repo", name.Name).Add("tag", name.Tag ?? ImageReference.DefaultTag)}");
        return 0;
    }
}

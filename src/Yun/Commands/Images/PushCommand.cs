using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;

namespace Yun.Commands.Images;

/// <summary><c>yun push</c>.</summary>
public sealed class PushCommand : Command
{
    private readonly Flag _allTags;
    private readonly Setting<string?> _platform;
    private readonly Flag _quiet;

    public PushCommand() : base("[OPTIONS] NAME[:TAG]")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _allTags = AddFlag("all-tags", 'a', "Push all tags of an image to the repository");
        AddFlag("disable-content-trust", null, "Skip image signing", value: true);
        _platform = AddText("platform", null, "Push a platform-specific manifest as a single-platform image to the registry.\n" +
            "Image index won't be pushed, meaning that other manifests, including attestations won't be preserved.\n'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)");
        _quiet = AddFlag("quiet", 'q', "Suppress verbose output");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var image = ImageArgument.Parse(arguments[0]);
        if (_allTags && image.Tag is not null) throw new FailureException("tag can't be used with --all-tags/-a");
        if (image.Digest is not null) throw new FailureException("cannot push a digest reference");
        if (!_allTags && image.Tag is null)
        {
            image = image.WithDefaultTag();
            if (!_quiet) session.Out.WriteLine("Using default tag: latest");
            session.Out.Flush();
        }
        var query = new Query().Add("tag", image.Tag).Add("platform", _platform.Value is { } platform ? PlatformJson(platform) : null);
        using var response = session.Api.Send("POST", $"/images/{image.Name}/push{query}", headers: session.Configuration.AuthHeader(image));
        new ProgressDisplay(_quiet ? TextWriter.Null : session.Out, !_quiet && session.OutputIsTerminal).Show(response);
        if (_quiet) session.Out.WriteLine(image.ToString());
        return 0;
    }

    private static string PlatformJson(string text)
    {
        var parts = text.Split('/');
        var variant = parts.Length > 2 ? $",\"variant\":\"{parts[2]}\"" : "";
        return $"{{\"architecture\":\"{(parts.Length > 1 ? parts[1] : "")}\",\"os\":\"{parts[0]}\"{variant}}}";
    }
}

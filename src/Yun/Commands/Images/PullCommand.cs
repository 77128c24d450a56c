using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Commands.Images;

/// <summary><c>yun pull</c>.</summary>
public sealed class PullCommand : Command
{
    private readonly Flag _allTags;
    private readonly Setting<string?> _platform;
    private readonly Flag _quiet;

    public PullCommand() : base("[OPTIONS] NAME[:TAG|@DIGEST]")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _allTags = AddFlag("all-tags", 'a', "Download all tagged images in the repository");
        AddFlag("disable-content-trust", null, "Skip image verification", value: true);
        _platform = AddText("platform", null, "Set platform if server is multi-platform capable");
        _quiet = AddFlag("quiet", 'q', "Suppress verbose output");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var named = ImageArgument.Parse(arguments[0]);
        if (_allTags && (named.Tag is not null || named.Digest is not null)) throw new FailureException("tag can't be used with --all-tags/-a");
        var image = _allTags ? named : named.WithDefaultTag();
        if (!_quiet && !_allTags && image != named) session.Out.WriteLine("Using default tag: latest");
        session.Out.Flush();
        Pull(session, image, _platform.Value ?? Environment.GetEnvironmentVariable("DOCKER_DEFAULT_PLATFORM"), _quiet ? null : session.Out, 1);
        session.Out.WriteLine(image.ToString());
        return 0;
    }

    /// <param name="progress">Where progress is shown; null shows none.</param>
    /// <param name="descriptor">The descriptor behind it, which may be a terminal.</param>
    public static void Pull(Session session, ImageReference image, string? platform, TextWriter? progress, int descriptor)
    {
        var query = new Query().Add("fromImage", image.Name).Add("tag", image.Digest?.ToString() ?? image.Tag).Add("platform", platform);
        using var response = session.Api.Send("POST", "/images/create" + query, headers: session.Configuration.AuthHeader(image));
        new ProgressDisplay(progress ?? TextWriter.Null, progress is not null && TerminalMode.IsTerminal(descriptor)).Show(response);
    }
}

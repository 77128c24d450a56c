using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Images;

/// <summary><c>yun images</c>, <c>yun image ls</c>.</summary>
public sealed class ListImagesCommand : Command
{
    private readonly Flag _all;
    private readonly Flag _digests;
    private readonly ListOption<string> _filters;
    private readonly Setting<string?> _format;
    private readonly Flag _noTruncate;
    private readonly Flag _quiet;
    private readonly Flag _tree;

    public ListImagesCommand() : base("[OPTIONS] [REPOSITORY[:TAG]]")
    {
        ArgumentsMax = 1;
        _all = AddFlag("all", 'a', "Show all images (default hides intermediate images)");
        _digests = AddFlag("digests", null, "Show digests");
        _filters = AddFilters("filter", 'f', "Filter output based on conditions provided");
        _format = AddFormat(table: true);
        _noTruncate = AddFlag("no-trunc", null, "Don't truncate output");
        _quiet = AddFlag("quiet", 'q', "Only show image IDs");
        _tree = AddFlag("tree", null, "List the platforms that a name stands for");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var filters = Filters.Parse(_filters.Values);
        if (arguments.Count > 0) filters.With("reference", arguments[0]);
        if (_tree)
        {
            if (_quiet || _format.IsSet || _digests) throw new OptionException("--tree goes with none of --quiet, --format and --digests");
            session.Out.Write(ImageTree.Show(session.Api.Get("/images/json" + new Query().Add("all", _all).Add("manifests", "1").AddFilters(filters), DockerApiJson.Default.ListImageSummary), !_noTruncate));
            return 0;
        }
        var images = session.Api.Get("/images/json" + new Query().Add("all", _all).AddFilters(filters), DockerApiJson.Default.ListImageSummary);
        var format = _format.Value ?? (_quiet ? "{{.ID}}" : session.Configuration.Format("imagesFormat"));
        var digests = _digests || format?.Contains(".Digest", StringComparison.Ordinal) == true;
        var listing = _digests ? ImageRow.ListingWithDigests : ImageRow.Listing;
        listing.Print(session.Out, format, images.SelectMany(i => ImageRow.Of(i, truncate: !_noTruncate, digests)));
        return 0;
    }
}

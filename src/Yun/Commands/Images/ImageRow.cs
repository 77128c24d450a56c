using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;
using Yun.Oci;

namespace Yun.Commands.Images;

/// <summary>An image as lines of <c>images</c>: one for every tag it has.</summary>
public static class ImageRow
{
    private const string None = "<none>";
    private const string Created = "{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}";

    private static readonly Dictionary<string, string> s_headers = new()
    {
        ["ID"] = "IMAGE ID", ["Repository"] = "REPOSITORY", ["Tag"] = "TAG", ["Digest"] = "DIGEST", ["CreatedSince"] = "CREATED", ["CreatedAt"] = "CREATED AT",
        ["Size"] = "SIZE", ["Containers"] = "CONTAINERS", ["VirtualSize"] = "SIZE", ["SharedSize"] = "SHARED SIZE", ["UniqueSize"] = "UNIQUE SIZE",
    };

    public static Listing Listing { get; } = new("{{.Repository}}\t{{.Tag}}\t{{.ID}}\t" + Created + "\t{{.Size}}", s_headers);
    public static Listing ListingWithDigests { get; } = new("{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t" + Created + "\t{{.Size}}", s_headers);

    public static IEnumerable<Row> Of(ImageSummary image, bool truncate, bool digests)
    {
        var tags = (image.RepoTags ?? []).Where(t => t != "<none>:<none>").Select(t => Split(t, ImageReference.TryParse(t, out var r) ? r : null)).ToList();
        var known = (image.RepoDigests ?? []).Where(d => d != "<none>@<none>").Select(d => ImageReference.TryParse(d, out var r) ? r : null).OfType<ImageReference>()
            .GroupBy(r => r.FamiliarName).ToDictionary(g => g.Key, g => g.Select(r => r.Digest.ToString()!).ToList());
        if (tags.Count == 0 && known.Count == 0)
        {
            yield return Line(image, None, None, None, truncate);
            yield break;
        }
        foreach (var (repository, tag) in tags)
        {
            var own = digests && known.TryGetValue(repository, out var list) ? list : [None];
            foreach (var digest in own) yield return Line(image, repository, tag, digest, truncate);
        }
        // Pulled by digest: no tag names it.
        foreach (var (repository, list) in known.Where(k => tags.All(t => t.Repository != k.Key)))
        {
            foreach (var digest in digests ? list : [""]) yield return Line(image, repository, None, digest, truncate);
        }
    }

    private static (string Repository, string Tag) Split(string text, ImageReference? reference)
    {
        if (reference is not null) return (reference.FamiliarName, reference.Tag ?? None);
        var colon = text.LastIndexOf(':');
        return colon < 0 ? (text, None) : (text[..colon], text[(colon + 1)..]);
    }

    private static Row Line(ImageSummary image, string repository, string tag, string digest, bool truncate) => new Row()
        .Add("ID", () => truncate ? Shortened.Id(image.Id) : image.Id)
        .Add("Repository", () => repository)
        .Add("Tag", () => tag)
        .Add("Digest", () => digest)
        .Add("CreatedSince", () => image.Created < -60_000_000_000 ? "" : HumanDuration.Ago(DateTimeOffset.FromUnixTimeSeconds(image.Created), DateTimeOffset.UtcNow))
        .Add("CreatedAt", () => LocalTime.Of(image.Created))
        .Add("Size", () => HumanSize.Decimal(image.Size, 3))
        .Add("VirtualSize", () => HumanSize.Decimal(image.Size))
        .Add("Containers", () => image.Containers < 0 ? "N/A" : image.Containers.ToString())
        .Add("SharedSize", () => image.SharedSize < 0 ? "N/A" : HumanSize.Decimal(image.SharedSize))
        .Add("UniqueSize", () => image.SharedSize < 0 ? "N/A" : HumanSize.Decimal(image.Size - image.SharedSize));
}

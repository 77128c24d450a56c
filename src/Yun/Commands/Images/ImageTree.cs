using System.Text;
using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands.Images;

/// <summary>Images with what their names stand for, platform by platform: <c>images --tree</c>.</summary>
public static class ImageTree
{
    private const string Header = "IMAGE\tID\tDISK USAGE\tCONTENT SIZE\tIN USE\n";

    public static string Show(IReadOnlyList<ImageSummary> images, bool truncate)
    {
        var lines = new StringBuilder(Header);
        foreach (var image in images)
        {
            var parts = (image.Manifests ?? []).Where(part => part.ImageData is not null).ToList();
            var names = image.RepoTags.Count > 0 ? image.RepoTags : image.RepoDigests.Count > 0 ? image.RepoDigests : ["<none>"];
            foreach (var name in names) Line(name, image.Descriptor?.Digest ?? image.Id, parts.Count > 0 ? parts.Sum(part => part.Size.Total) : image.Size, parts.Sum(part => part.Size.Content), image.Containers > 0);
            for (var i = 0; i < parts.Count; i++)
            {
                var platform = parts[i].ImageData!.Platform;
                var words = $"{platform.Os}/{platform.Architecture}{(platform.Variant is { Length: > 0 } variant ? $"/{variant}" : "")}{(parts[i].Available ? "" : " (not here)")}";
                Line($"{(i == parts.Count - 1 ? "└─" : "├─")} {words}", parts[i].Id, parts[i].Size.Total, parts[i].Size.Content, parts[i].ImageData!.Containers.Count > 0);
            }
        }
        return Table.Align(lines.ToString());

        void Line(string name, string id, long total, long content, bool isUsed) => lines.Append(name).Append('\t').Append(truncate ? Shortened.Id(id) : id).Append('\t')
            .Append(HumanSize.Decimal(total, 3)).Append('\t').Append(HumanSize.Decimal(content, 3)).Append('\t').Append(isUsed ? "U" : "").Append('\n');
    }
}

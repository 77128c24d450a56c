using Yun.DockerApi.Model;
using Yun.Images;
using Yun.Oci;

namespace Yun.DockerApi;

/// <summary>Images as the API shows them.</summary>
internal static class ImageViews
{
    /// <param name="shows">Which of its names to show; null for all.</param>
    public static ImageSummary Summarise(Image image, int users, Func<ImageReference, bool>? shows = null) => new()
    {
        Id = image.Id.ToString(), ParentId = image.Parent?.ToString() ?? "", Containers = users, Created = Seconds(image.Created), Labels = image.Config.Config?.Labels,
        Size = image.SizeBytes,
        RepoTags = [.. image.Names.Where(name => name.Digest is null && shows?.Invoke(name) != false).Select(name => name.Familiar)],
        RepoDigests = [.. image.Names.Where(name => name.Digest is not null && shows?.Invoke(name) != false).Select(name => name.Familiar)],
    };

    /// <param name="asContainer">The configuration has the properties of a container's, as before API 1.50.</param>
    public static ImageInspect Inspect(Image image, bool withContainerConfig, bool asContainer)
    {
        var config = image.Config;
        return new ImageInspect
        {
            Id = image.Id.ToString(), RepoTags = [.. image.RepoTags], RepoDigests = [.. image.RepoDigests], Parent = image.Parent?.ToString() ?? "", Comment = config.Comment ?? "",
            Created = image.Created, DockerVersion = config.DockerVersion ?? "", Author = config.Author ?? "", Config = asContainer ? (Show(config.Config) ?? new ImageInspectConfig()).WithContainerProperties() : Show(config.Config), Architecture = config.Architecture,
            Variant = config.Variant, Os = config.Os, OsVersion = config.OsVersion, Size = image.SizeBytes,
            ContainerConfig = withContainerConfig ? Show(config.Config) ?? new ImageInspectConfig() : null,
            GraphDriver = new GraphDriver { Name = "overlay2", Data = [] },
            RootFs = new ImageRootFs { Layers = [.. image.DiffIds.Select(digest => digest.ToString())] },
            Metadata = new ImageMetadata { LastTagTime = image.LastTagged ?? default },
        };
    }

    /// <summary>The newest step first. A step's layer is known by counting: those marked empty made none.</summary>
    public static List<ImageHistoryItem> History(Image image)
    {
        var items = new List<ImageHistoryItem>();
        var layer = 0;
        foreach (var step in image.Config.History ?? [])
            items.Add(new ImageHistoryItem
            {
                Id = "<missing>", Created = Seconds(step.CreatedAt), CreatedBy = step.CreatedBy ?? "", Comment = step.Comment ?? "",
                Size = step.EmptyLayer || layer >= image.Layers.Count ? 0 : image.Layers[layer++].SizeBytes,
            });
        items.Reverse();
        if (items.Count > 0) (items[0].Id, items[0].Tags) = (image.Id.ToString(), [.. image.RepoTags]);
        return items;
    }

    public static ImageDeleteItem Show(ImageRemoval removal) => new() { Untagged = removal.Untagged, Deleted = removal.Deleted };

    private static ImageInspectConfig? Show(ImageRunConfig? config) => config is null ? null : new ImageInspectConfig
    {
        User = config.User, ExposedPorts = config.ExposedPorts, Env = config.Env, Entrypoint = config.Entrypoint, Cmd = config.Cmd, Volumes = config.Volumes,
        WorkingDir = config.WorkingDir, Labels = config.Labels, StopSignal = config.StopSignal, ArgsEscaped = config.ArgsEscaped == true, Healthcheck = config.Healthcheck,
        OnBuild = config.OnBuild, Shell = config.Shell,
    };

    private static long Seconds(DateTimeOffset? time) => time?.ToUnixTimeSeconds() ?? 0;
}

using Yun.Images;

namespace Yun.Node.Builds;

/// <summary>
/// <c>--cache-from</c>: an image that somebody else built serves as cache because the user named it. It serves as far as its history is that of the
/// build so far; only its layers are taken, the configuration is always this build's own.
/// </summary>
internal static class ForeignCache
{
    /// <returns>The layer that the step added (null if it added none), or nothing when the image is no help.</returns>
    public static (bool Found, Layer? Layer) Find(Image? current, string command, IReadOnlyList<Image> sources)
    {
        foreach (var source in sources)
        {
            var done = current?.Config.History ?? [];
            var theirs = source.Config.History ?? [];
            var layers = current?.Layers.Count ?? 0;
            if (theirs.Count <= done.Count || theirs[done.Count].CreatedBy != command) continue;
            if (!done.Zip(theirs).All(pair => pair.First.CreatedBy == pair.Second.CreatedBy && pair.First.EmptyLayer == pair.Second.EmptyLayer)) continue;
            if (current is not null && !source.DiffIds.Take(layers).SequenceEqual(current.DiffIds)) continue;
            if (theirs[done.Count].EmptyLayer) return (true, null);
            if (source.Layers.Count > layers) return (true, source.Layers[layers]);
        }
        return (false, null);
    }
}

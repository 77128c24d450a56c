using Yun.Images;
using Yun.Images.Registry;
using Yun.Oci;

namespace Yun.Node.Builds;

/// <summary>Brings a build's result to where builds elsewhere find it as a cache. Every image made here is one, by its history.</summary>
public static class CacheExport
{
    /// <summary>Pushes it under a name that it need not have here.</summary>
    /// <param name="stages">With what all its stages have become, as an index.</param>
    public static Task ToRegistryAsync(ImageStore store, BuildProduct built, ImageReference name, bool stages, RegistryAuth? auth, BuildOutput output, CancellationToken cancel)
    {
        var step = new BuildStep($"exporting cache to {name.Familiar}");
        return output.StepAsync(step, async () =>
        {
            if (stages && built.Stages.Count > 1)
            {
                await store.PushTogetherAsync(name, Marked(built.Stages), auth, output.ProgressOf(step), cancel);
                return null;
            }
            var (before, names) = (store.TryFind(name.ToString()), store.TryFind(built.Image.Id.ToString())?.Names ?? []);
            await store.TagAsync(built.Image, name, cancel);
            try { await store.PushAsync(name, auth, output.ProgressOf(step), cancel: cancel); }
            finally
            {
                // Only the push needs the name here.
                if (store.TryFind(built.Image.Id.ToString()) is { } now) await store.UntagAsync(now, now.Names.Except(names), CancellationToken.None);
                if (before is not null) await store.TagAsync(before, name, CancellationToken.None);
            }
            return null;
        }, cancel);
    }

    /// <summary>The images, each marked as a stage of a build.</summary>
    public static List<(Image, Dictionary<string, string>)> Marked(IReadOnlyList<Image> stages) =>
        [.. stages.Select((image, number) => (image, new Dictionary<string, string> { [CacheImport.StageAnnotation] = $"{number}" }))];
}

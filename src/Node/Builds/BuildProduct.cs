using Yun.Images;
using Yun.Oci;

namespace Yun.Node.Builds;

/// <summary>What a build has led to.</summary>
/// <param name="Images">One for each platform that was asked for, in that order.</param>
/// <param name="Index">Names them all, where there are several.</param>
/// <param name="Stages">What each stage has become, the images first.</param>
public sealed record BuildProduct(IReadOnlyList<(Platform Platform, Image Image)> Images, Descriptor? Index, IReadOnlyList<Image> Stages)
{
    /// <summary>The one image, or the first of several.</summary>
    public Image Image => Images[0].Image;

    /// <summary>Gives it a name.</summary>
    public Task NameAsync(ImageStore store, ImageReference name, CancellationToken cancel) =>
        Index is { } index ? store.NameIndexAsync(name, index, Images, cancel) : store.TagAsync(Image, name, cancel);

    /// <summary>Keeps it without a name, as what somebody asked for.</summary>
    public async Task KeepAsync(ImageStore store, CancellationToken cancel)
    {
        foreach (var (_, image) in Images) await store.MarkResultAsync(image, cancel);
    }

    /// <summary>All of it as an archive that is both Docker's and OCI's.</summary>
    public Stream OpenArchive(ImageStore store, IReadOnlyList<ImageReference> names, CancellationToken cancel) =>
        Index is { } index ? store.OpenSaved(index, Images, names, cancel) : store.OpenSaved(Image, names, cancel);
}

using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>The index that the image's name stands for, and its images, those that are here and those that are not. Null when the name stands for one image.</summary>
    public NamedIndex? IndexOf(Image image)
    {
        if (image.Index is not { } digest || image.Record.Indexes?.Find(its => its.Index.Digest == digest) is not { } membership || TryReadIndex(digest) is not { } index) return null;
        var here = _catalog.Members(digest);
        return new NamedIndex(membership.Index, [.. index.Manifests!.Select(entry => (entry, here.FirstOrDefault(member => member.Record.Indexes!.Exists(its => its.Index.Digest == digest && its.Manifest.Digest == entry.Digest))))]);
    }

    /// <summary>How much of an image is here as it travels: manifest, configuration and compressed layers.</summary>
    public long ContentBytes(Image image) => image.Record.Layers.Select(layer => layer.Blob?.Digest).Append(image.Manifest?.Digest).Append(image.Id).OfType<Digest>().Distinct().Sum(digest => _content.SizeOf(digest) ?? 0);

    /// <summary>What a name stands for in its registry, and the platforms it is there for.</summary>
    public async Task<(Descriptor Named, IReadOnlyList<Platform> Platforms)> InspectRemoteAsync(ImageReference reference, RegistryAuth? auth, CancellationToken cancel = default)
    {
        reference = reference.WithDefaultTag();
        try
        {
            var registry = new RegistryClient(_registries, reference.Domain, auth);
            var named = await registry.GetManifestAsync(reference.Path, reference.Digest?.ToString() ?? reference.Tag!, cancel);
            if (named.Index is { } index) return (named.Descriptor, [.. index.Manifests!.Select(entry => entry.Platform).OfType<Platform>()]);
            var image = await RemoteImage.FindAsync(registry, _content, reference, null, cancel);
            return (named.Descriptor, [image.Config.Platform]);
        }
        catch (RegistryException refused) { throw RegistryErrors.Pulling(reference, refused); }
    }
}

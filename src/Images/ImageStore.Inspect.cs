using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
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

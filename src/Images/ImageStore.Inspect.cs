using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

// What registries are asked without moving anything.
public sealed partial class ImageStore
{
    /// <summary>Returns when the registry has taken the credentials.</summary>
    /// <param name="address">As users write it, <c>https://index.docker.io/v1/</c> or a host; empty is Docker Hub.</param>
    /// <exception cref="EngineException">Unauthorized when it does not take them.</exception>
    public async Task LoginAsync(string address, RegistryAuth auth, CancellationToken cancel = default)
    {
        var host = Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url.Authority : address.Split('/')[0];
        if (host.Length == 0) host = ImageReference.DefaultDomain;
        try { await new RegistryClient(_registries, host, auth).LoginAsync(cancel); }
        catch (RegistryException refused) { throw new EngineException(ErrorKind.Unauthorized, $"login attempt to {host} failed: {refused.Message}", refused); }
    }

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

using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

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
}

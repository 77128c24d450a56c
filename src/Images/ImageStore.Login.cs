using Yun.Images.Registry;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Asks a registry whether it takes the credentials.</summary>
    /// <param name="registry">Its host and port; <c>docker.io</c> for Docker Hub.</param>
    /// <exception cref="Yun.Protocol.EngineException">It does not, or cannot be asked.</exception>
    public async Task LoginAsync(string registry, RegistryAuth auth, CancellationToken cancel = default)
    {
        try { await new RegistryClient(_registries, registry, auth).LoginAsync(cancel); }
        catch (RegistryException refused) { throw RegistryErrors.Other(refused); }
    }
}

using Yun.Images.Registry;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Asks a registry for repositories with the term in their name.</summary>
    /// <param name="registry">Its host and port.</param>
    public async Task<IReadOnlyList<FoundRepository>> SearchAsync(string registry, string term, int most, RegistryAuth? auth, CancellationToken cancel = default)
    {
        try { return await new RegistryClient(_registries, registry, auth).SearchAsync(term, most, cancel); }
        catch (RegistryException refused) { throw RegistryErrors.Other(refused); }
    }
}

using Yun.Oci;

namespace Yun.Images;

/// <summary>One unpacked layer, in the form overlayfs takes as a lower directory.</summary>
/// <param name="ChainId">What this layer is on top of the ones below it (OCI image spec, config.md, "Layer ChainID").</param>
/// <param name="DiffId">The digest of its uncompressed tar.</param>
/// <param name="Below">The chain id of the layer it lies on; null for the bottom one.</param>
/// <param name="SizeBytes">The sum of its files' sizes, which is what Docker counts.</param>
/// <param name="Directory">Where it is unpacked. Read-only to everyone.</param>
public sealed record Layer(Digest ChainId, Digest DiffId, Digest? Below, long SizeBytes, string Directory)
{
    /// <summary>The chain id of a layer with this diff id on top of <paramref name="below"/>.</summary>
    public static Digest ChainOf(Digest? below, Digest diffId) => below is { } chain ? Digest.Of(System.Text.Encoding.ASCII.GetBytes($"{chain} {diffId}")) : diffId;

    /// <summary>The chain ids of layers with these diff ids, bottom first.</summary>
    public static IReadOnlyList<Digest> ChainsOf(IReadOnlyList<Digest> diffIds)
    {
        var chains = new List<Digest>(diffIds.Count);
        foreach (var diffId in diffIds) chains.Add(ChainOf(chains.Count == 0 ? null : chains[^1], diffId));
        return chains;
    }
}

using Yun.Oci;

namespace Yun.Images;

/// <summary>One unpacked layer, in the form overlayfs takes as a lower directory.</summary>
/// <param name="ChainId">What this layer is on top of the ones below it (OCI image spec, config.md, "Layer ChainID").</param>
/// <param name="DiffId">The digest of its uncompressed tar.</param>
/// <param name="SizeBytes">The sum of its files' sizes, which is what Docker counts.</param>
/// <param name="Directory">Where it is unpacked. Read-only to everyone.</param>
public sealed record Layer(Digest ChainId, Digest DiffId, long SizeBytes, string Directory);

using Yun.Oci;

namespace Yun.Images;

/// <summary>One thing that removing an image did: a name taken away, or an image or layer deleted.</summary>
public sealed record ImageRemoval(string? Untagged, string? Deleted);

/// <summary>What a push left in the registry.</summary>
public sealed record PushedImage(string Tag, Digest Digest, long SizeBytes);

/// <param name="Name">The name it was given; null for an image that came without one.</param>
public sealed record LoadedImage(Digest Id, string? Name);

using Yun.Oci;

namespace Yun.Images;

/// <summary>Something that happened to an image: pull, push, tag, untag, delete, load, save, import.</summary>
/// <param name="Name">The name it happened to, as people write it; the id where there is none.</param>
public sealed record ImageEvent(string Action, Digest Id, string Name);

namespace Yun.Images;

/// <summary>Something in the store that is not what it was.</summary>
/// <param name="Kind">content: a blob; layer: an unpacked one; image: one that could not be read when the daemon started.</param>
/// <param name="Id">The blob's digest, the layer's chain id, the image's id.</param>
/// <param name="Reason">What is wrong with it.</param>
/// <param name="Images">Names or ids of the images that stand on it.</param>
public sealed record Damage(string Kind, string Id, string Reason, IReadOnlyList<string> Images)
{
    /// <summary>How it was repaired, or why not; null where nobody tried.</summary>
    public string? Outcome { get; init; }

    public bool IsRepaired { get; init; }
}

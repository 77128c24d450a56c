namespace Yun.Images;

/// <summary>One line of what a pull, push, load or import reports, in Docker's words.</summary>
/// <param name="Status">Such as <c>Downloading</c>; the terminal shows the last one for each id.</param>
/// <param name="Id">The layer it is about, by its short digest; a tag for the first line of a pull; null for a line of its own.</param>
/// <param name="Current">Bytes so far, where <paramref name="Status"/> has a bar.</param>
/// <param name="Total">Bytes in all; 0 where that is not known.</param>
/// <param name="HasDetail">Docker sends an empty <c>progressDetail</c> with the steps of a layer, and none with other lines.</param>
public sealed record TransferProgress(string Status, string? Id = null, long Current = 0, long Total = 0, bool HasDetail = false);

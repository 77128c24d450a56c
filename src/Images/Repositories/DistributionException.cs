namespace Yun.Images.Repositories;

/// <summary>What a registry's client did not get, by the names of the OCI distribution specification ("Error Codes") and those that the reference registry added.</summary>
public enum DistributionError
{
    BlobUnknown, BlobUploadInvalid, BlobUploadUnknown, DigestInvalid, ManifestBlobUnknown, ManifestInvalid, ManifestUnknown, NameInvalid, NameUnknown,
    SizeInvalid, RangeInvalid, TagInvalid, PaginationNumberInvalid, Unsupported, Unauthorized, Denied, TooManyRequests,
    /// <summary>What the specification has no name for: a full disk, another registry that does not answer.</summary>
    Unavailable,
}

/// <summary>A request to the registry that cannot be fulfilled. The text is one sentence for a person; the code is for a program.</summary>
/// <param name="detail">What it is about: a digest, a name.</param>
public sealed class DistributionException(DistributionError error, string message, string? detail = null, Exception? cause = null) : Exception(message, cause)
{
    public DistributionError Error { get; } = error;
    public string? Detail { get; } = detail;
}

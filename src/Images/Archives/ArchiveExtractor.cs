using Microsoft.Win32.SafeHandles;
using Yun.Protocol;

namespace Yun.Images.Archives;

/// <summary>Unpacks a tar under a directory descriptor. Whatever the archive says, nothing outside that directory is made, changed or read.</summary>
public static class ArchiveExtractor
{
    /// <param name="tar">Uncompressed or compressed with gzip or zstd.</param>
    /// <param name="root">The directory that is <c>/</c> to every name and link in the archive.</param>
    /// <exception cref="EngineException">InvalidArgument, with the entry's name: the archive is damaged, or asks for what is not allowed.</exception>
    public static Task<ExtractionResult> ExtractAsync(Stream tar, SafeFileHandle root, ExtractionOptions options, CancellationToken cancel = default) =>
        throw new EngineException(ErrorKind.NotImplemented, "Unpacking archives is not done yet.");
}

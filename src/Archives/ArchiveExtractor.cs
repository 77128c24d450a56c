using Microsoft.Win32.SafeHandles;
using Yun.Protocol;

namespace Yun.Archives;

/// <summary>Unpacks a tar under a directory descriptor. Whatever the archive says, nothing outside that directory is made, changed or read.</summary>
public static class ArchiveExtractor
{
    /// <param name="tar">Plain, or compressed with gzip, zstd, xz or bzip2; read to its end.</param>
    /// <param name="root">The directory that is <c>/</c> to every name and link in the archive.</param>
    /// <exception cref="EngineException">InvalidArgument, with the entry's name: the archive is damaged, or asks for what is not allowed.</exception>
    public static Task<ExtractionResult> ExtractAsync(Stream tar, SafeFileHandle root, ExtractionOptions options, CancellationToken cancel = default) =>
        // Unpacking is system calls without pause; on a thread of its own it does not hold up the others' tasks.
        Task.Factory.StartNew(() => Extract(tar, root, options, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Copies a tar without its compression, to whoever unpacks it elsewhere.</summary>
    /// <exception cref="EngineException">InvalidArgument: the compressed data is damaged.</exception>
    public static Task CopyPlainAsync(Stream tar, Stream destination, CancellationToken cancel = default) => Task.Factory.StartNew(() =>
    {
        using var ahead = new ReadAheadStream(tar, null, blocking: false, cancel);
        using var plain = Compression.Open(ahead, out _);
        try { plain.CopyTo(destination); }
        catch (Exception damaged) when (Compression.IsDamage(damaged)) { throw Damaged(damaged); }
    }, cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static ExtractionResult Extract(Stream tar, SafeFileHandle root, ExtractionOptions options, CancellationToken cancel)
    {
        using var ahead = new ReadAheadStream(tar, null, blocking: false, cancel);
        using var plain = Compression.Open(ahead, out _);
        using var extraction = new Extraction(root, options);
        try { return extraction.Run(new TarReader(plain), cancel); }
        catch (Exception damaged) when (Compression.IsDamage(damaged)) { throw Damaged(damaged); }
    }

    private static EngineException Damaged(Exception cause) => new(ErrorKind.InvalidArgument, "The archive is refused: its compressed data is damaged or cut short.", cause);
}

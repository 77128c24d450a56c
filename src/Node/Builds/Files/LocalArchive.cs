using System.IO.Compression;
using Yun.Archives.Paths;
using Yun.Archives;

namespace Yun.Node.Builds.Files;

/// <summary>Tells whether a file is an archive that ADD unpacks: a tar, plain or compressed.</summary>
internal static class LocalArchive
{
    private const int BlockLength = 512, MagicAt = 257;

    /// <returns>The file, at its beginning; null when it is no archive and is copied as it is.</returns>
    public static Stream? TryOpen(CopySource source) => HoldsTar(source) ? RootedPath.OpenFile(source.Root, source.Path.Path) : null;

    // A compressed file that holds no tar is an ordinary file to ADD, and so is a damaged one.
    private static bool HoldsTar(CopySource source)
    {
        var file = RootedPath.OpenFile(source.Root, source.Path.Path);
        if (!file.CanSeek)
        {
            file.Dispose();
            return false; // a pipe or a device
        }
        try
        {
            using var plain = Plain(file);
            var block = new byte[BlockLength];
            return plain.ReadAtLeast(block, BlockLength, throwOnEndOfStream: false) == BlockLength && block.AsSpan(MagicAt).StartsWith("ustar"u8);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static Stream Plain(FileStream file)
    {
        var head = new byte[6];
        var length = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return head.AsSpan(0, length) switch
        {
            [0x1F, 0x8B, ..] => new GZipStream(file, CompressionMode.Decompress),
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0] => new XzStream(file),
            [(byte)'B', (byte)'Z', (byte)'h', ..] => new Bzip2Stream(file),
            _ => file,
        };
    }
}

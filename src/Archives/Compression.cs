using System.IO.Compression;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Yun.Archives;

/// <summary>How a tar is compressed, told by its first bytes and never by a media type.</summary>
public enum CompressionKind { None, Gzip, Zstd, Xz, Bzip2 }

public static class Compression
{
    /// <summary>The most that telling them apart needs.</summary>
    public const int MagicLength = 6;

    // 128 MiB is what zstd's own program takes unasked; a frame can ask for 2 GiB.
    private const int WindowLogMax = 27;

    // Unless told, .NET takes a gzip stream that ends too early for a whole one. Read once, when the first such stream is made.
    static Compression() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    public static CompressionKind Detect(ReadOnlySpan<byte> start) => start switch
    {
        [0x1F, 0x8B, ..] => CompressionKind.Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => CompressionKind.Zstd,
        // A zstd stream may begin with frames to be skipped.
        [>= 0x50 and <= 0x5F, 0x2A, 0x4D, 0x18, ..] => CompressionKind.Zstd,
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => CompressionKind.Xz,
        [(byte)'B', (byte)'Z', (byte)'h', ..] => CompressionKind.Bzip2,
        _ => CompressionKind.None,
    };

    /// <summary>The uncompressed bytes of a stream; disposing of them disposes of the source unless that is to stay open.</summary>
    public static Stream Open(Stream source, out CompressionKind kind, bool leaveOpen = false)
    {
        var (start, whole) = StartedStream.Peek(source, MagicLength, leaveOpen);
        kind = Detect(start.Span);
        return kind switch
        {
            CompressionKind.None => whole,
            CompressionKind.Gzip => new GZipStream(whole, CompressionMode.Decompress),
            CompressionKind.Zstd => Zstd(whole),
            CompressionKind.Xz => new XzStream(whole),
            _ => new Bzip2Stream(whole),
        };
    }

    /// <summary>Whether a failure while reading an opened stream says that its bytes are wrong, rather than that they could not be had.</summary>
    public static bool IsDamage(Exception failure) => failure is InvalidDataException or ZstdException or EndOfStreamException;

    private static DecompressionStream Zstd(Stream source)
    {
        var stream = new DecompressionStream(source, leaveOpen: false);
        stream.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, WindowLogMax);
        return stream;
    }
}

using System.IO.Compression;
using System.Text;
using Yun.Archives;

namespace Yun.Tests.Archives;

/// <summary>Compressed data in many parts, as formats make it that one may begin in the middle of: eStargz, zstd:chunked, zstd's seekable format.</summary>
public sealed class FramesTests
{
    private static readonly byte[] s_skipped = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];

    private static byte[] Gzip(string text)
    {
        using var made = new MemoryStream();
        using (var gzip = new GZipStream(made, CompressionLevel.Fastest)) gzip.Write(Encoding.ASCII.GetBytes(text));
        return made.ToArray();
    }

    private static byte[] Zstd(string text)
    {
        using var compressor = new ZstdSharp.Compressor();
        return compressor.Wrap(Encoding.ASCII.GetBytes(text)).ToArray();
    }

    public static TheoryData<string, byte[]> Parts => new()
    {
        { "gzip, three members", [.. Gzip("one "), .. Gzip("two "), .. Gzip("three")] },
        { "gzip, an empty member at the end", [.. Gzip("one two three"), .. Gzip("")] },
        { "zstd, three frames", [.. Zstd("one "), .. Zstd("two "), .. Zstd("three")] },
        { "zstd, skipped frames before, between and behind", [.. s_skipped, .. Zstd("one "), .. s_skipped, .. Zstd("two three"), .. s_skipped, .. s_skipped] },
    };

    [Theory, MemberData(nameof(Parts))]
    public async Task All_parts_are_read_as_one(string name, byte[] compressed)
    {
        using var opened = new StreamReader(Compression.Open(new MemoryStream(compressed), out var kind));
        Assert.Equal("one two three", await opened.ReadToEndAsync());
        Assert.StartsWith(kind.ToString(), name, StringComparison.OrdinalIgnoreCase);
    }
}

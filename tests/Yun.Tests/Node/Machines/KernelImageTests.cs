using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Yun.Node.Machines;
using Yun.Protocol;

namespace Yun.Tests.Node.Machines;

public sealed class KernelImageTests
{
    private static readonly byte[] s_kernel = [0x7F, .. "ELF"u8, .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("the same words again ", 40)))];

    [Fact]
    public void A_bare_kernel_is_taken_as_it_is() => Assert.Same(s_kernel, KernelImage.Unpack(s_kernel));

    [Fact]
    public void A_kernel_packed_by_gzip_is_unpacked()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true)) gzip.Write(s_kernel);
        Assert.Equal(s_kernel, KernelImage.Unpack(BootImage(packed.ToArray())));
    }

    [Fact]
    public void A_kernel_packed_by_lz4_is_unpacked()
    {
        // 25 literals, then a match of all the rest 21 bytes back, as long as lz4 writes it; the last five bytes are literals.
        var matched = s_kernel.Length - 25 - 5;
        byte[] block = [0xFF, 25 - 15, .. s_kernel[..25], 21, 0, .. LongLength(matched - 4 - 15), 0x50, .. s_kernel[^5..]];
        Assert.Equal(s_kernel, KernelImage.Unpack(BootImage([0x02, 0x21, 0x4C, 0x18, .. Little(block.Length), .. block])));
    }

    [Fact]
    public void Something_else_is_refused()
    {
        var error = Assert.Throws<EngineException>(() => KernelImage.Unpack("no kernel at all"u8.ToArray()));
        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("no Linux kernel", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_or_unknown_payload_is_refused()
    {
        foreach (var payload in (byte[][])[[1, 2, 3, 4, 5, 6, 7, 8], [0x1F, 0x8B, 8, 0, 1, 2, 3, 4], [0x02, 0x21, 0x4C, 0x18, 3, 0, 0, 0, 0x0F, 200, 200]])
            Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<EngineException>(() => KernelImage.Unpack(BootImage(payload))).Kind);
    }

    /// <summary>One sector of setup after the boot sector, then the payload and its unpacked length.</summary>
    private static byte[] BootImage(byte[] payload)
    {
        var image = new byte[2 * 512 + payload.Length + 4];
        image[0x1F1] = 1;
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x24C), payload.Length + 4);
        payload.CopyTo(image.AsSpan(1024));
        return image;
    }

    private static byte[] Little(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }

    private static IEnumerable<byte> LongLength(int length)
    {
        for (; length >= 255; length -= 255) yield return 255;
        yield return (byte)length;
    }
}

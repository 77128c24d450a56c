using System.Buffers.Binary;
using Yun.Archives;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>
/// Takes the kernel out of its self-extracting file (Documentation/arch/x86/boot.rst). QEMU starts the bare one by its PVH entry, which saves the guest from
/// decompressing itself: the slowest thing that an emulated processor does on its way.
/// </summary>
public static class KernelImage
{
    private const int SetupSectors = 0x1F1, Magic = 0x202, PayloadOffset = 0x248, PayloadLength = 0x24C, SectorBytes = 512;
    // After the payload stands how long it is unpacked.
    private const int SizeBytes = 4;
    private const uint Lz4LegacyMagic = 0x184C2102;

    /// <param name="file">A bzImage, or a kernel that is bare already.</param>
    /// <exception cref="EngineException">InvalidArgument: it is no x86-64 kernel, or is packed in a way that is not known here.</exception>
    public static byte[] Unpack(byte[] file)
    {
        if (IsElf(file)) return file;
        if (file.Length < 0x260 || !file.AsSpan(Magic, 4).SequenceEqual("HdrS"u8)) throw Wrong("it is no Linux kernel for x86-64");
        var begin = (file[SetupSectors] + 1) * SectorBytes + BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(PayloadOffset));
        var length = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(PayloadLength));
        if (length <= SizeBytes || begin + length > file.Length) throw Wrong("it is cut short");
        var payload = file.AsSpan((int)begin, (int)length - SizeBytes);
        var kernel = BinaryPrimitives.ReadUInt32LittleEndian(payload) == Lz4LegacyMagic ? Lz4Legacy.Decompress(payload[4..]) : Decompress(payload.ToArray());
        return IsElf(kernel) ? kernel : throw Wrong("what it unpacks is no ELF program");
    }

    private static byte[] Decompress(byte[] payload)
    {
        try
        {
            using var plain = Compression.Open(new MemoryStream(payload), out var kind);
            if (kind == CompressionKind.None) throw Wrong("it is packed in a way that is not known here");
            using var kernel = new MemoryStream();
            plain.CopyTo(kernel);
            return kernel.ToArray();
        }
        catch (Exception damaged) when (Compression.IsDamage(damaged)) { throw Wrong("what is packed in it is damaged"); }
    }

    private static bool IsElf(ReadOnlySpan<byte> bytes) => bytes is [0x7F, (byte)'E', (byte)'L', (byte)'F', ..];

    private static EngineException Wrong(string why) => new(ErrorKind.InvalidArgument, $"The kernel cannot be used: {why}.");
}

/// <summary>The frame format that <c>lz4 -l</c> writes, and kernels are packed in: blocks of 8 MiB, each after its packed length (lz4_Frame_format.md, "Legacy frame").</summary>
internal static class Lz4Legacy
{
    private const int BlockBytes = 8 << 20, MinimumMatch = 4;

    public static byte[] Decompress(ReadOnlySpan<byte> blocks)
    {
        using var whole = new MemoryStream();
        var block = new byte[BlockBytes];
        while (blocks.Length >= 4)
        {
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(blocks);
            if (packed == 0 || packed > blocks.Length - 4) break;
            try { whole.Write(block, 0, DecompressBlock(blocks.Slice(4, (int)packed), block)); }
            catch (Exception damaged) when (damaged is IndexOutOfRangeException or ArgumentException)
            {
                throw new EngineException(ErrorKind.InvalidArgument, "The kernel cannot be used: what is packed in it is damaged.", damaged);
            }
            blocks = blocks[(4 + (int)packed)..];
        }
        return whole.ToArray();
    }

    /// <summary>Sequences of literals and of matches with what was written before (lz4_Block_format.md).</summary>
    private static int DecompressBlock(ReadOnlySpan<byte> packed, Span<byte> plain)
    {
        int from = 0, to = 0;
        while (from < packed.Length)
        {
            var token = packed[from++];
            var literals = Length(token >> 4, packed, ref from);
            packed.Slice(from, literals).CopyTo(plain[to..]);
            (from, to) = (from + literals, to + literals);
            if (from >= packed.Length) break;
            var distance = packed[from] | packed[from + 1] << 8;
            from += 2;
            var match = Length(token & 15, packed, ref from) + MinimumMatch;
            // Byte by byte: a match may reach into what it makes itself.
            for (var end = to + match; to < end; to++) plain[to] = plain[to - distance];
        }
        return to;
    }

    private static int Length(int length, ReadOnlySpan<byte> packed, ref int from)
    {
        if (length < 15) return length;
        byte more;
        do length += more = packed[from++];
        while (more == 255);
        return length;
    }
}

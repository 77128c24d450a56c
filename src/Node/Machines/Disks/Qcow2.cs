using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Yun.Protocol;

namespace Yun.Node.Machines.Disks;

/// <summary>The header of QEMU's own form of disks (docs/interop/qcow2.txt): enough to know what a file asks for before QEMU opens it, and to make an empty one.</summary>
public static class Qcow2
{
    private const uint Magic = 0x514649FB;
    private const int ClusterBits = 16, ClusterBytes = 1 << ClusterBits, HeaderBytes = 104;
    // One table of the second level tells where 512 MiB are.
    private const long BytesByTable = (long)ClusterBytes / 8 * ClusterBytes;
    private const ulong Corrupt = 1 << 1, ExternalData = 1 << 2;

    public static bool IsOne(ReadOnlySpan<byte> beginning) => beginning.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(beginning) == Magic;

    /// <summary>How large the disk is that the file holds.</summary>
    /// <param name="name">The file's, for errors.</param>
    /// <exception cref="EngineException">InvalidArgument: it is none, or names other files, which nobody may have opened by writing into a disk.</exception>
    public static long ReadSize(SafeFileHandle file, string name)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        var length = RandomAccess.Read(file, header, 0);
        if (length < 72 || !IsOne(header)) throw Wrong(name, "it is no qcow2 disk");
        var version = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (version is not (2 or 3) || (version == 3 && length < HeaderBytes)) throw Wrong(name, $"it is a qcow2 disk of version {version}, which is not known");
        if (BinaryPrimitives.ReadUInt64BigEndian(header[8..]) != 0) throw Wrong(name, "it names another file as its backing file, which is not followed: flatten it with 'qemu-img convert' first");
        if (BinaryPrimitives.ReadUInt32BigEndian(header[32..]) != 0) throw Wrong(name, "it is encrypted");
        var incompatible = version == 3 ? BinaryPrimitives.ReadUInt64BigEndian(header[72..]) : 0;
        if ((incompatible & ExternalData) != 0) throw Wrong(name, "it names another file that holds its data, which is not followed: convert it with 'qemu-img convert' first");
        if ((incompatible & Corrupt) != 0) throw Wrong(name, "it says of itself that it is corrupt: repair it with 'qemu-img check -r all' first");
        var size = BinaryPrimitives.ReadUInt64BigEndian(header[24..]);
        return size is > 0 and <= long.MaxValue ? (long)size : throw Wrong(name, $"it says that it holds {size} bytes");
    }

    /// <summary>Makes an empty disk, in which nothing is allocated. It names no other file: QEMU is told which disk lies below.</summary>
    public static void Create(string path, long sizeBytes)
    {
        var tables = (uint)((sizeBytes + BytesByTable - 1) / BytesByTable);
        var tableClusters = (int)((tables * 8L + ClusterBytes - 1) / ClusterBytes);
        // The header, the table of reference counts, the first block of counts, the table of the first level.
        var bytes = new byte[3 * ClusterBytes];
        var header = bytes.AsSpan(0, HeaderBytes);
        BinaryPrimitives.WriteUInt32BigEndian(header, Magic);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], 3);
        BinaryPrimitives.WriteUInt32BigEndian(header[20..], ClusterBits);
        BinaryPrimitives.WriteUInt64BigEndian(header[24..], (ulong)sizeBytes);
        BinaryPrimitives.WriteUInt32BigEndian(header[36..], tables);
        BinaryPrimitives.WriteUInt64BigEndian(header[40..], 3 * ClusterBytes);
        BinaryPrimitives.WriteUInt64BigEndian(header[48..], ClusterBytes);
        BinaryPrimitives.WriteUInt32BigEndian(header[56..], 1);
        const int countsOf16Bits = 4;
        BinaryPrimitives.WriteUInt32BigEndian(header[96..], countsOf16Bits);
        BinaryPrimitives.WriteUInt32BigEndian(header[100..], HeaderBytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(ClusterBytes), 2 * ClusterBytes);
        for (var cluster = 0; cluster < 3 + tableClusters; cluster++) BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2 * ClusterBytes + 2 * cluster), 1);
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        file.Write(bytes);
        file.SetLength((3L + tableClusters) * ClusterBytes);
    }

    private static EngineException Wrong(string name, string why) => new(ErrorKind.InvalidArgument, $"The disk {name} cannot be used: {why}.");
}

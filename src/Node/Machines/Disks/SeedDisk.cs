using System.Buffers.Binary;
using System.Text;

namespace Yun.Node.Machines.Disks;

/// <summary>
/// A small ISO 9660 image (ECMA-119) with files in its root. Names are written as they are, in lower case and with the signs they have: Linux, for which this is made,
/// shows them so.
/// </summary>
public static class SeedDisk
{
    private const int BlockBytes = 2048, FirstDescriptor = 16, PathTables = 18, Root = 20, FirstFile = 21;

    /// <param name="label">By which cloud-init knows it: CIDATA.</param>
    public static byte[] Make(string label, IReadOnlyList<(string Name, string Text)> files)
    {
        var contents = files.OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => (file.Name, Bytes: Encoding.UTF8.GetBytes(file.Text))).ToList();
        var blocks = FirstFile + contents.Sum(file => Math.Max(1, (file.Bytes.Length + BlockBytes - 1) / BlockBytes));
        var image = new byte[blocks * BlockBytes];
        WriteVolume(image.AsSpan(FirstDescriptor * BlockBytes, BlockBytes), label, blocks);
        var last = image.AsSpan((FirstDescriptor + 1) * BlockBytes);
        last[0] = 255;
        "CD001"u8.CopyTo(last[1..]);
        last[6] = 1;
        WritePathTable(image.AsSpan(PathTables * BlockBytes), bigEndian: false);
        WritePathTable(image.AsSpan((PathTables + 1) * BlockBytes), bigEndian: true);

        var directory = image.AsSpan(Root * BlockBytes, BlockBytes);
        var used = WriteEntry(directory, [0], Root, BlockBytes, isDirectory: true);
        used += WriteEntry(directory[used..], [1], Root, BlockBytes, isDirectory: true);
        var block = FirstFile;
        foreach (var (name, bytes) in contents)
        {
            used += WriteEntry(directory[used..], Encoding.ASCII.GetBytes(name + ";1"), block, bytes.Length, isDirectory: false);
            bytes.CopyTo(image, block * BlockBytes);
            block += Math.Max(1, (bytes.Length + BlockBytes - 1) / BlockBytes);
        }
        return image;
    }

    private static void WriteVolume(Span<byte> volume, string label, int blocks)
    {
        volume[0] = 1;
        "CD001"u8.CopyTo(volume[1..]);
        volume[6] = 1;
        foreach (var (offset, length) in ((int, int)[])[(8, 32), (40, 32), (190, 128), (318, 128), (446, 128), (574, 128), (702, 37), (739, 37), (776, 37)]) volume.Slice(offset, length).Fill((byte)' ');
        Encoding.ASCII.GetBytes(label, volume[40..]);
        WriteBoth(volume[80..], blocks);
        WriteBothShort(volume[120..], 1);
        WriteBothShort(volume[124..], 1);
        WriteBothShort(volume[128..], BlockBytes);
        WriteBoth(volume[132..], 10);
        BinaryPrimitives.WriteInt32LittleEndian(volume[140..], PathTables);
        BinaryPrimitives.WriteInt32BigEndian(volume[148..], PathTables + 1);
        WriteEntry(volume[156..], [0], Root, BlockBytes, isDirectory: true);
        // No dates: digits of zero.
        for (var offset = 813; offset < 881; offset += 17) volume.Slice(offset, 16).Fill((byte)'0');
        volume[881] = 1;
    }

    private static void WritePathTable(Span<byte> table, bool bigEndian)
    {
        table[0] = 1;
        if (bigEndian) BinaryPrimitives.WriteInt32BigEndian(table[2..], Root);
        else BinaryPrimitives.WriteInt32LittleEndian(table[2..], Root);
        table[bigEndian ? 7 : 6] = 1;
    }

    private static int WriteEntry(Span<byte> entry, ReadOnlySpan<byte> name, int block, int length, bool isDirectory)
    {
        var size = 33 + name.Length + (1 - name.Length % 2);
        entry[0] = (byte)size;
        WriteBoth(entry[2..], block);
        WriteBoth(entry[10..], length);
        // The year 2000; nobody asks.
        (entry[18], entry[19], entry[20]) = (100, 1, 1);
        entry[25] = (byte)(isDirectory ? 2 : 0);
        WriteBothShort(entry[28..], 1);
        entry[32] = (byte)name.Length;
        name.CopyTo(entry[33..]);
        return size;
    }

    private static void WriteBoth(Span<byte> into, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(into, number);
        BinaryPrimitives.WriteInt32BigEndian(into[4..], number);
    }

    private static void WriteBothShort(Span<byte> into, short number)
    {
        BinaryPrimitives.WriteInt16LittleEndian(into, number);
        BinaryPrimitives.WriteInt16BigEndian(into[2..], number);
    }
}

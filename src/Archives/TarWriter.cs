using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Yun.Linux;

namespace Yun.Archives;

/// <summary>Writes a tar: ustar headers, and a PAX header before those that ustar cannot hold. Equal entries give equal bytes.</summary>
public sealed class TarWriter
{
    private const long OctalIdMax = 0x1FFFFF, OctalSizeMax = 0x1FFFFFFFF;
    private static readonly byte[] s_zeros = new byte[2 * TarFormat.BlockSize];
    private readonly Action<ReadOnlySpan<byte>> _write;
    private readonly IArchiveObserver? _observer;

    /// <param name="write">Takes the archive's bytes, in order.</param>
    public TarWriter(Action<ReadOnlySpan<byte>> write) => _write = write;

    internal TarWriter(Action<ReadOnlySpan<byte>> write, IArchiveObserver observer) => (_write, _observer) = (write, observer);

    /// <summary>The caller writes <see cref="TarEntry.Size"/> bytes of content next, with <see cref="WriteContent"/>.</summary>
    public void WriteEntry(TarEntry entry)
    {
        var type = entry.IsHardLink ? '1' : entry.Kind switch
        {
            FileKind.SymbolicLink => '2', FileKind.CharacterDevice => '3', FileKind.BlockDevice => '4', FileKind.Directory => '5', FileKind.Fifo => '6',
            FileKind.Regular => '0', _ => throw new TarException("sockets have no place in an archive"),
        };
        var name = FileName.Encode(entry.Kind == FileKind.Directory && !entry.Name.EndsWith('/') ? entry.Name + "/" : entry.Name);
        var link = FileName.Encode(entry.LinkTarget);
        var header = new byte[TarFormat.BlockSize];
        var pax = new List<(string Key, byte[] Value)>();
        WriteName(name, header, pax);
        if (link.Length > 100 || !Ascii.IsValid(link)) pax.Add(("linkpath", link));
        link.AsSpan(0, Math.Min(link.Length, 100)).CopyTo(header.AsSpan(157));

        WriteNumber(header.AsSpan(100, 8), entry.Mode);
        WriteOrExtend(header.AsSpan(108, 8), entry.UserId, OctalIdMax, "uid", pax);
        WriteOrExtend(header.AsSpan(116, 8), entry.GroupId, OctalIdMax, "gid", pax);
        var size = type == '0' ? entry.Size : 0;
        WriteOrExtend(header.AsSpan(124, 12), size, OctalSizeMax, "size", pax);
        WriteOrExtend(header.AsSpan(136, 12), entry.Modified.Seconds, OctalSizeMax, "mtime", pax);
        header[156] = (byte)type;
        "ustar\0"u8.CopyTo(header.AsSpan(257));
        "00"u8.CopyTo(header.AsSpan(263));
        FileName.Encode(entry.UserName).AsSpan().CopyTo(header.AsSpan(265, 32));
        FileName.Encode(entry.GroupName).AsSpan().CopyTo(header.AsSpan(297, 32));
        if (type is '3' or '4')
        {
            WriteNumber(header.AsSpan(329, 8), entry.DeviceMajor);
            WriteNumber(header.AsSpan(337, 8), entry.DeviceMinor);
        }
        foreach (var (attribute, value) in entry.Attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal)) pax.Add(("SCHILY.xattr." + attribute, value));
        if (pax.Count > 0) WritePax(pax);
        Finish(header);
    }

    public void WriteContent(ReadOnlySpan<byte> bytes) => Write(bytes, isContent: true);

    /// <summary>Fills up the last block of an entry's content.</summary>
    public void EndContent(long size) => Write(s_zeros.AsSpan(0, TarFormat.Padding(size)));

    public void WriteFile(string name, ReadOnlySpan<byte> content, uint mode = 0x1A4, FileTime modified = default)
    {
        WriteEntry(new TarEntry { Kind = FileKind.Regular, Name = name, Size = content.Length, Mode = mode, Modified = modified });
        WriteContent(content);
        EndContent(content.Length);
    }

    /// <summary>Two blocks of zeros: the archive's end.</summary>
    public void Finish() => Write(s_zeros);

    private static void WriteName(byte[] name, byte[] header, List<(string, byte[])> pax)
    {
        if (name.Length <= 100 && Ascii.IsValid(name))
        {
            name.CopyTo(header.AsSpan());
            return;
        }
        // ustar can put the beginning of a path, up to one of its slashes, into another field.
        var slash = name.Length <= 256 && Ascii.IsValid(name) ? Array.IndexOf(name, (byte)'/', Math.Max(0, name.Length - 101)) : -1;
        if (slash is > 0 and <= 155 && slash < name.Length - 1)
        {
            name.AsSpan(0, slash).CopyTo(header.AsSpan(345));
            name.AsSpan(slash + 1).CopyTo(header);
            return;
        }
        pax.Add(("path", name));
        name.AsSpan(0, Math.Min(name.Length, 100)).CopyTo(header);
    }

    private static void WriteOrExtend(Span<byte> field, long value, long octalMax, string key, List<(string, byte[])> pax)
    {
        if (value < 0 || value > octalMax)
        {
            pax.Add((key, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture))));
            value = 0;
        }
        WriteNumber(field, value);
    }

    /// <summary>Octal digits with a zero byte at the end; device numbers beyond them in GNU's base 256.</summary>
    private static void WriteNumber(Span<byte> field, long value)
    {
        if (value >> (3 * (field.Length - 1)) != 0)
        {
            BinaryPrimitives.WriteInt64BigEndian(field[^8..], value);
            field[0] |= 0x80;
            return;
        }
        for (var i = field.Length - 2; i >= 0; i--, value >>= 3) field[i] = (byte)('0' + (value & 7));
    }

    private void WritePax(List<(string Key, byte[] Value)> records)
    {
        var content = new List<byte>();
        foreach (var (key, value) in records)
        {
            // The length counts its own digits.
            var rest = key.Length + value.Length + 3;
            var length = rest + rest.ToString(CultureInfo.InvariantCulture).Length;
            if (length.ToString(CultureInfo.InvariantCulture).Length + rest > length) length++;
            content.AddRange(Encoding.ASCII.GetBytes($"{length} {key}="));
            content.AddRange(value);
            content.Add((byte)'\n');
        }
        var header = new byte[TarFormat.BlockSize];
        "PaxHeaders/entry"u8.CopyTo(header);
        WriteNumber(header.AsSpan(100, 8), 0x1A4);
        WriteNumber(header.AsSpan(108, 8), 0);
        WriteNumber(header.AsSpan(116, 8), 0);
        WriteNumber(header.AsSpan(124, 12), content.Count);
        WriteNumber(header.AsSpan(136, 12), 0);
        header[156] = (byte)'x';
        "ustar\0"u8.CopyTo(header.AsSpan(257));
        "00"u8.CopyTo(header.AsSpan(263));
        Finish(header);
        Write(content.ToArray());
        EndContent(content.Count);
    }

    private void Write(ReadOnlySpan<byte> bytes, bool isContent = false)
    {
        _write(bytes);
        _observer?.Observe(bytes, isContent);
    }

    private void Finish(byte[] header)
    {
        var (sum, _) = TarFormat.Checksum(header);
        WriteNumber(header.AsSpan(148, 7), sum);
        header[155] = (byte)' ';
        Write(header);
    }
}

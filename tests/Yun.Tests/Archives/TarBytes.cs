using System.Globalization;
using System.Text;

namespace Yun.Tests.Archives;

/// <summary>Writes tars byte by byte, honest and otherwise: nothing here is shared with the reader under test.</summary>
public sealed class TarBytes
{
    private readonly MemoryStream _bytes = new();

    public TarBytes File(string name, string content = "", uint mode = 0x1A4, uint owner = 0) => Entry(name, '0', Encoding.UTF8.GetBytes(content), mode: mode, owner: owner);

    public TarBytes Directory(string name, uint mode = 0x1ED, uint owner = 0) => Entry(name, '5', [], mode: mode, owner: owner);

    public TarBytes Symlink(string name, string target) => Entry(name, '2', [], target, 0x1FF);

    public TarBytes Hardlink(string name, string target, uint mode = 0x1A4) => Entry(name, '1', [], target, mode);

    public TarBytes Device(string name, char type, uint major, uint minor) => Entry(name, type, [], major: major, minor: minor);

    public TarBytes Pax(params (string Key, string Value)[] records) => Entry("PaxHeaders/x", 'x', PaxRecords([.. records.Select(r => (r.Key, Encoding.UTF8.GetBytes(r.Value)))]));

    public TarBytes PaxBytes(string key, byte[] value) => Entry("PaxHeaders/x", 'x', PaxRecords([(key, value)]));

    public TarBytes LongName(string name) => Entry("././@LongLink", 'L', Encoding.UTF8.GetBytes(name + "\0"));

    public TarBytes LongLink(string name) => Entry("././@LongLink", 'K', Encoding.UTF8.GetBytes(name + "\0"));

    /// <param name="size">What the header says, if not the content's length.</param>
    public TarBytes Entry(string name, char type, byte[] content, string link = "", uint mode = 0x1A4, uint owner = 0, string? size = null, uint major = 0, uint minor = 0, bool badSum = false)
    {
        var header = new byte[512];
        Encoding.Latin1.GetBytes(name).AsSpan(0, Math.Min(name.Length, 100)).CopyTo(header);
        Octal(header, 100, 8, mode);
        Octal(header, 108, 8, owner);
        Octal(header, 116, 8, owner);
        if (size is null) Octal(header, 124, 12, content.Length);
        else Encoding.Latin1.GetBytes(size).CopyTo(header.AsSpan(124, 12));
        Octal(header, 136, 12, 1_700_000_000);
        header[156] = (byte)type;
        Encoding.Latin1.GetBytes(link).AsSpan(0, Math.Min(link.Length, 100)).CopyTo(header.AsSpan(157));
        "ustar\000"u8.CopyTo(header.AsSpan(257));
        Octal(header, 329, 8, major);
        Octal(header, 337, 8, minor);
        return Raw(Summed(header, badSum)).Raw(content).Raw(new byte[-content.Length & 511]);
    }

    public TarBytes Raw(byte[] bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>The archive with its end.</summary>
    public byte[] End() => [.. _bytes.ToArray(), .. new byte[1024]];

    public byte[] Cut(int length) => _bytes.ToArray()[..length];

    public long Length => _bytes.Length;

    public static byte[] Summed(byte[] header, bool wrong = false)
    {
        "        "u8.CopyTo(header.AsSpan(148));
        Octal(header, 148, 7, header.Sum(b => b) + (wrong ? 1 : 0));
        return header;
    }

    private static byte[] PaxRecords((string Key, byte[] Value)[] records) => [.. records.SelectMany(record =>
    {
        var rest = record.Key.Length + record.Value.Length + 3;
        var length = rest + 1;
        while (length.ToString(CultureInfo.InvariantCulture).Length + rest != length) length++;
        return (byte[])[.. Encoding.UTF8.GetBytes($"{length} {record.Key}="), .. record.Value, (byte)'\n'];
    })];

    private static void Octal(byte[] header, int at, int length, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(length - 1, '0')).CopyTo(header.AsSpan(at));
}

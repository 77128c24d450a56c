using System.Globalization;
using System.Text;
using Yun.Linux;

namespace Yun.Archives;

/// <summary>How a tar header stores numbers and text: POSIX ustar, and GNU's base-256 for what octal digits cannot hold.</summary>
internal static class TarFormat
{
    public const int BlockSize = 512;

    /// <summary>Octal digits ended by a space or zero, or, with the first bit set, a big-endian two's complement number. Null when it is neither or does not fit.</summary>
    public static long? Number(ReadOnlySpan<byte> field)
    {
        if (field.Length > 0 && (field[0] & 0x80) != 0) return Base256(field);
        field = field.Trim(" \0"u8);
        long value = 0;
        foreach (var digit in field)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3) return null;
            value = (value << 3) | (uint)(digit - '0');
        }
        return value;
    }

    public static string Text(ReadOnlySpan<byte> field) => FileName.Decode(ZeroEnded(field));

    public static ReadOnlySpan<byte> ZeroEnded(ReadOnlySpan<byte> field) => field.IndexOf((byte)0) is >= 0 and var end ? field[..end] : field;

    /// <summary>Bytes that fill the last block of a content this long.</summary>
    public static int Padding(long size) => (int)(-size & (BlockSize - 1));

    /// <summary>The sum that a header's checksum field holds: its bytes, with that field counted as spaces. Some old writers took the bytes as signed.</summary>
    public static (long Unsigned, long Signed) Checksum(ReadOnlySpan<byte> header)
    {
        long unsigned = 0, signed = 0;
        for (var i = 0; i < BlockSize; i++)
        {
            var value = i is >= 148 and < 156 ? (byte)' ' : header[i];
            unsigned += value;
            signed += (sbyte)value;
        }
        return (unsigned, signed);
    }

    /// <summary>A PAX time: seconds in decimal, perhaps with a fraction, perhaps negative.</summary>
    public static FileTime? Time(ReadOnlySpan<byte> text)
    {
        var point = text.IndexOf((byte)'.');
        var whole = point < 0 ? text : text[..point];
        if (!long.TryParse(whole, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)) return null;
        if (point < 0) return new FileTime(seconds, 0);
        var fraction = Encoding.ASCII.GetString(text[(point + 1)..]);
        if (!fraction.All(char.IsAsciiDigit)) return null;
        var nanoseconds = uint.Parse(fraction.PadRight(9, '0')[..9], CultureInfo.InvariantCulture);
        var negative = !whole.IsEmpty && whole[0] == (byte)'-';
        return negative && nanoseconds > 0 ? new FileTime(seconds - 1, 1_000_000_000 - nanoseconds) : new FileTime(seconds, nanoseconds);
    }

    private static long? Base256(ReadOnlySpan<byte> field)
    {
        var negative = (field[0] & 0x40) != 0;
        long value = negative ? -1 : 0;
        for (var i = 0; i < field.Length; i++)
        {
            var bits = i == 0 ? (byte)(negative ? field[0] | 0x80 : field[0] & 0x7F) : field[i];
            if ((value >> 55) is not (0 or -1)) return null;
            value = (value << 8) | bits;
        }
        return value;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Yun.Commands.Images;

/// <summary>Reads the data types of SSH (RFC 4251, section 5) from bytes that somebody else has made.</summary>
internal ref struct SshReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    /// <exception cref="FormatException">There is no more.</exception>
    public uint Number()
    {
        if (_left.Length < 4) throw new FormatException("it ends early");
        var number = BinaryPrimitives.ReadUInt32BigEndian(_left);
        _left = _left[4..];
        return number;
    }

    public ReadOnlySpan<byte> Bytes()
    {
        var length = Number();
        if (length > _left.Length) throw new FormatException("it ends early");
        var bytes = _left[..(int)length];
        _left = _left[(int)length..];
        return bytes;
    }

    public string Text() => Encoding.ASCII.GetString(Bytes());

    public BigInteger Integer() => new(Bytes(), isUnsigned: true, isBigEndian: true);
}

/// <summary>Writes the data types of SSH.</summary>
internal sealed class SshWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public SshWriter Number(uint number)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(four, number);
        _bytes.Write(four);
        return this;
    }

    public SshWriter Byte(byte value)
    {
        _bytes.Write([value]);
        return this;
    }

    public SshWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        Number((uint)bytes.Length);
        _bytes.Write(bytes);
        return this;
    }

    public SshWriter Text(string text) => Bytes(Encoding.ASCII.GetBytes(text));

    /// <summary>Positive, by as few bytes as it needs, the first of which is below 128.</summary>
    public SshWriter Integer(ReadOnlySpan<byte> bigEndian) => Bytes(new BigInteger(bigEndian, isUnsigned: true, isBigEndian: true).ToByteArray(isBigEndian: true));

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}

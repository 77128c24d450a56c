using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Yun.Linux.Netlink;

/// <summary>Writes netlink messages one after another into one buffer. Lengths are filled in when a message or a nest is closed.</summary>
public sealed class NetlinkWriter
{
    private const int HeaderBytes = 16;
    private const ushort Nested = 0x8000;

    private byte[] _buffer = new byte[1024];
    private int _length;
    private int _message;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public void Begin(ushort type, NetlinkFlags flags, uint sequence)
    {
        _message = _length;
        var header = Reserve(HeaderBytes);
        MemoryMarshal.Write(header[4..], type);
        MemoryMarshal.Write(header[6..], (ushort)flags);
        MemoryMarshal.Write(header[8..], sequence);
    }

    public void End() => MemoryMarshal.Write(_buffer.AsSpan(_message), (uint)(_length - _message));

    public void Put<T>(in T value) where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).CopyTo(Reserve(Unsafe.SizeOf<T>()));

    /// <summary>Attributes that are whole already.</summary>
    public void PutBytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    public void Attribute(int type, ReadOnlySpan<byte> value)
    {
        var header = Reserve(4);
        MemoryMarshal.Write(header, (ushort)(4 + value.Length));
        MemoryMarshal.Write(header[2..], (ushort)type);
        value.CopyTo(Reserve(value.Length));
    }

    public void Attribute(int type, byte value) => Attribute(type, [value]);

    public void Attribute(int type, uint value) => Attribute(type, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    /// <summary>Netfilter's numbers are in network order, rtnetlink's are not.</summary>
    public void AttributeBigEndian(int type, uint value) => Attribute(type, BinaryPrimitives.ReverseEndianness(value));

    /// <summary>A text with its final zero, as the kernel wants names.</summary>
    public void Attribute(int type, string text)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length) + 1];
        var length = Encoding.UTF8.GetBytes(text, bytes);
        bytes[length] = 0;
        Attribute(type, bytes[..(length + 1)]);
    }

    /// <summary>Opens an attribute that holds attributes; close it with <see cref="CloseNest"/>.</summary>
    public int OpenNest(int type)
    {
        var start = _length;
        MemoryMarshal.Write(Reserve(4)[2..], (ushort)(type | Nested));
        return start;
    }

    public void CloseNest(int start) => MemoryMarshal.Write(_buffer.AsSpan(start), (ushort)(_length - start));

    private Span<byte> Reserve(int bytes)
    {
        var padded = (bytes + 3) & ~3;
        if (_length + padded > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + padded));
        var span = _buffer.AsSpan(_length, bytes);
        _length += padded;
        return span;
    }
}

[Flags]
public enum NetlinkFlags : ushort
{
    None = 0,
    Request = 1,
    Acknowledge = 4,
    Dump = 0x300,
    Replace = 0x100,
    Exclusive = 0x200,
    Create = 0x400,
    Append = 0x800,
}

using System.Runtime.InteropServices;
using System.Text;

namespace Yun.Linux.Netlink;

/// <summary>Walks the attributes of a message: <c>while (attributes.Next())</c>. A length that does not fit ends the walk.</summary>
public ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public int Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public readonly uint Number => Value.Length >= 4 ? MemoryMarshal.Read<uint>(Value) : Value.Length >= 2 ? MemoryMarshal.Read<ushort>(Value) : Value.Length == 1 ? (uint)Value[0] : 0;

    public readonly string Text => Encoding.UTF8.GetString(Value.TrimEnd((byte)0));

    public bool Next()
    {
        if (_rest.Length < 4) return false;
        var length = MemoryMarshal.Read<ushort>(_rest);
        if (length < 4 || length > _rest.Length) return false;
        Type = MemoryMarshal.Read<ushort>(_rest[2..]) & 0x3fff; // without the nested and byte-order marks
        Value = _rest[4..length];
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }
}

using System.Runtime.InteropServices;

namespace Yun.Linux.Netlink;

/// <summary>One message of an answer: its type and what follows the netlink header.</summary>
public readonly record struct NetlinkMessage(int Type, byte[] Body);

/// <summary>Walks the messages of one datagram.</summary>
internal ref struct NetlinkMessages(ReadOnlySpan<byte> datagram)
{
    private const int HeaderBytes = 16, ErrorBodyBytes = 20;
    private const int Multipart = 2, DumpInterrupted = 0x10, Capped = 0x100, ExtendedAcknowledge = 0x200;
    private const int ExplanationAttribute = 1;

    private ReadOnlySpan<byte> _rest = datagram;
    private int _flags;

    public int Type { get; private set; }
    public uint Sequence { get; private set; }
    /// <summary>The port of the socket that caused this message; 0 is the kernel itself.</summary>
    public uint Port { get; private set; }
    public ReadOnlySpan<byte> Body { get; private set; }
    public readonly bool IsMultipart => (_flags & Multipart) != 0;
    public readonly bool IsInterrupted => (_flags & DumpInterrupted) != 0;

    public readonly Errno Error => Body.Length >= 4 ? (Errno)(-MemoryMarshal.Read<int>(Body)) : Errno.EPROTO;

    /// <summary>What the kernel has to say beyond the number; often nothing.</summary>
    public readonly string? Explanation
    {
        get
        {
            if ((_flags & ExtendedAcknowledge) == 0 || Body.Length < ErrorBodyBytes) return null;
            // Unless it was left out, the whole request lies between the error and its attributes.
            var skip = (_flags & Capped) != 0 ? ErrorBodyBytes : 4 + (int)((MemoryMarshal.Read<uint>(Body[4..]) + 3) & ~3u);
            if (skip > Body.Length) return null;
            var attributes = new NetlinkAttributes(Body[skip..]);
            while (attributes.Next())
                if (attributes.Type == ExplanationAttribute) return attributes.Text;
            return null;
        }
    }

    public bool Next()
    {
        if (_rest.Length < HeaderBytes) return false;
        var length = MemoryMarshal.Read<uint>(_rest);
        if (length < HeaderBytes || length > _rest.Length) return false;
        Type = MemoryMarshal.Read<ushort>(_rest[4..]);
        _flags = MemoryMarshal.Read<ushort>(_rest[6..]);
        Sequence = MemoryMarshal.Read<uint>(_rest[8..]);
        Port = MemoryMarshal.Read<uint>(_rest[12..]);
        Body = _rest[HeaderBytes..(int)length];
        _rest = _rest[Math.Min((int)((length + 3) & ~3u), _rest.Length)..];
        return true;
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Yun.Linux.Nftables;

/// <summary>A key or a value of one or several fields, as the kernel compares it (concatenated, each filled up to four bytes) and as nft(8) writes it.</summary>
public sealed class NftablesFields
{
    private readonly List<byte> _first = [];
    private readonly List<byte> _last = [];
    private readonly StringBuilder _text = new();

    internal byte[] First => [.. _first];

    /// <summary>The end of the range; the same as <see cref="First"/> when no field is one.</summary>
    internal byte[] Last => [.. _last];

    internal bool IsRange { get; private set; }

    public override string ToString() => _text.ToString();

    public NftablesFields Address(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return Put(bytes, bytes, address.ToString());
    }

    public NftablesFields Network(IPNetwork network)
    {
        var first = network.BaseAddress.GetAddressBytes();
        var last = network.BaseAddress.GetAddressBytes();
        for (var bit = network.PrefixLength; bit < last.Length * 8; bit++) last[bit / 8] |= (byte)(0x80 >> (bit % 8));
        IsRange = true;
        return Put(first, last, network.ToString());
    }

    /// <summary>An inet_proto: 6 is TCP, 17 UDP, 132 SCTP.</summary>
    public NftablesFields Protocol(byte protocol) => Put([protocol, 0, 0, 0], [protocol, 0, 0, 0], protocol.ToString());

    /// <summary>An inet_service, in network order.</summary>
    public NftablesFields Port(ushort port)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(bytes, port);
        return Put(bytes, bytes, port.ToString());
    }

    /// <summary>An ifname: sixteen bytes, zero-filled.</summary>
    public NftablesFields Interface(string name)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        Encoding.UTF8.GetBytes(name, bytes[..15]);
        return Put(bytes, bytes, $"\"{name}\"");
    }

    private NftablesFields Put(ReadOnlySpan<byte> first, ReadOnlySpan<byte> last, string text)
    {
        _first.AddRange(first);
        _last.AddRange(last);
        if (_text.Length > 0) _text.Append(" . ");
        _text.Append(text);
        return this;
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Yun.Node.Networks;

/// <summary>Answers one machine's questions for its address (RFC 2131 and 2132). There is one address, and it is the machine's for ever, so there is nothing to remember.</summary>
internal static class DhcpAnswer
{
    public const ushort ClientPort = 68;

    private const int FixedBytes = 240, LeaseSeconds = 24 * 3600;
    private const uint Cookie = 0x63825363;
    private const byte Discover = 1, Offer = 2, Request = 3, Acknowledge = 5, Refuse = 6, Inform = 8;

    /// <summary>Null when nothing is asked that must be answered.</summary>
    public static (byte[] Content, IPAddress To)? Of(ReadOnlySpan<byte> question, GuestLease lease)
    {
        if (question.Length < FixedBytes || question[0] != 1 || BinaryPrimitives.ReadUInt32BigEndian(question[236..]) != Cookie || !question.Slice(28, 6).SequenceEqual(lease.HardwareAddress)) return null;
        var kind = Option(question, 53) is [var asked] ? asked : (byte)0;
        // It asks another server; there is none, but it may not know yet.
        if (Option(question, 54) is { Length: 4 } server && !new IPAddress(server).Equals(lease.Server)) return null;
        var wished = Option(question, 50) is { Length: 4 } address ? new IPAddress(address) : new IPAddress(question.Slice(12, 4));
        byte? answer = kind switch
        {
            Discover => Offer,
            Request => wished.Equals(lease.Address) ? Acknowledge : Refuse,
            Inform => Acknowledge,
            _ => null,
        };
        if (answer is not { } said) return null;
        return (Message(question, said, lease, withAddress: kind != Inform && said != Refuse), said == Refuse || kind != Inform ? IPAddress.Broadcast : new IPAddress(question.Slice(12, 4)));
    }

    private static byte[] Message(ReadOnlySpan<byte> question, byte kind, GuestLease lease, bool withAddress)
    {
        var message = new byte[FixedBytes];
        (message[0], message[1], message[2]) = (2, 1, 6);
        question.Slice(4, 4).CopyTo(message.AsSpan(4));
        question.Slice(10, 2).CopyTo(message.AsSpan(10));
        if (withAddress) lease.Address.TryWriteBytes(message.AsSpan(16), out _);
        lease.Server.TryWriteBytes(message.AsSpan(20), out _);
        lease.HardwareAddress.CopyTo(message, 28);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(236), Cookie);
        var options = new List<byte>();
        Add(53, [kind]);
        Add(54, lease.Server.GetAddressBytes());
        if (kind != Refuse)
        {
            if (withAddress) Add(51, Number(LeaseSeconds));
            Add(1, Number(lease.PrefixLength == 0 ? 0 : -1 << (32 - lease.PrefixLength)));
            if (lease.IsGateway) Add(3, lease.Server.GetAddressBytes());
            Add(6, lease.Server.GetAddressBytes());
            if (lease.Hostname != "") Add(12, Encoding.ASCII.GetBytes(lease.Hostname));
            if (lease.Domain != "") Add(15, Encoding.ASCII.GetBytes(lease.Domain));
            Add(26, Number(lease.Mtu).AsSpan(2));
        }
        options.Add(255);
        // Some clients take nothing shorter than what BOOTP had.
        while (message.Length + options.Count < 300) options.Add(0);
        return [.. message, .. options];

        void Add(byte option, ReadOnlySpan<byte> value)
        {
            options.Add(option);
            options.Add((byte)Math.Min(value.Length, 255));
            options.AddRange(value[..Math.Min(value.Length, 255)]);
        }
    }

    private static byte[] Number(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[]? Option(ReadOnlySpan<byte> message, byte wanted)
    {
        for (var at = FixedBytes; at + 1 < message.Length && message[at] != 255;)
        {
            if (message[at] == 0)
            {
                at++;
                continue;
            }
            var length = message[at + 1];
            if (at + 2 + length > message.Length) return null;
            if (message[at] == wanted) return message.Slice(at + 2, length).ToArray();
            at += 2 + length;
        }
        return null;
    }
}

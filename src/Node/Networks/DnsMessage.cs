using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Yun.Node.Networks;

/// <summary>The one question of a DNS message (RFC 1035), as far as a server that answers a few names itself must understand it.</summary>
internal readonly record struct DnsQuestion(string Name, int Type, int Class, int Length)
{
    internal const int TypeA = 1, TypePtr = 12, TypeAaaa = 28, ClassInternet = 1;
    private const int HeaderBytes = 12, NameCharactersMax = 255;

    /// <summary>Null for anything that is not one plain question.</summary>
    internal static DnsQuestion? Parse(ReadOnlySpan<byte> message)
    {
        if (message.Length < HeaderBytes || (message[2] & 0xf8) != 0 || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1) return null;
        var name = new StringBuilder();
        var at = HeaderBytes;
        while (true)
        {
            if (at >= message.Length) return null;
            int length = message[at++];
            if (length == 0) break;
            // A question has nothing before it that a compressed name could point to.
            if (length > 63 || at + length > message.Length || name.Length + length > NameCharactersMax) return null;
            if (name.Length > 0) name.Append('.');
            name.Append(Encoding.Latin1.GetString(message.Slice(at, length)));
            at += length;
        }
        if (at + 4 > message.Length) return null;
        return new DnsQuestion(name.ToString(), BinaryPrimitives.ReadUInt16BigEndian(message[at..]), BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]), at + 4);
    }

    /// <summary>The address that a name below in-addr.arpa or ip6.arpa stands for; null for any other name.</summary>
    internal IPAddress? ReverseAddress
    {
        get
        {
            const string Ipv4 = ".in-addr.arpa", Ipv6 = ".ip6.arpa";
            if (Name.EndsWith(Ipv4, StringComparison.OrdinalIgnoreCase))
            {
                var parts = Name[..^Ipv4.Length].Split('.');
                return parts.Length == 4 && IPAddress.TryParse(string.Join('.', parts.Reverse()), out var address) ? address : null;
            }
            if (!Name.EndsWith(Ipv6, StringComparison.OrdinalIgnoreCase)) return null;
            // Thirty-two digits, the last first.
            var digits = Name[..^Ipv6.Length].Split('.');
            return digits.Length == 32 && digits.All(digit => digit.Length == 1 && char.IsAsciiHexDigit(digit[0])) ? new IPAddress(Convert.FromHexString(string.Concat(digits.Reverse()))) : null;
        }
    }
}

/// <summary>Answers made here.</summary>
internal static class DnsAnswer
{
    internal const int NoError = 0, ServerFailure = 2, NameError = 3;
    private const int LifetimeSeconds = 600;

    /// <param name="addresses">Of the family that is asked for.</param>
    internal static byte[] OfAddresses(ReadOnlySpan<byte> query, DnsQuestion question, IReadOnlyList<IPAddress> addresses) =>
        Write(query, question, NoError, question.Type, [.. addresses.Select(address => address.GetAddressBytes())]);

    internal static byte[] OfName(ReadOnlySpan<byte> query, DnsQuestion question, string name)
    {
        var encoded = new List<byte>();
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var bytes = Encoding.Latin1.GetBytes(label.Length > 63 ? label[..63] : label);
            encoded.Add((byte)bytes.Length);
            encoded.AddRange(bytes);
        }
        encoded.Add(0);
        return Write(query, question, NoError, DnsQuestion.TypePtr, [[.. encoded]]);
    }

    internal static byte[] Empty(ReadOnlySpan<byte> query, DnsQuestion question, int code) => Write(query, question, code, 0, []);

    private static byte[] Write(ReadOnlySpan<byte> query, DnsQuestion question, int code, int type, byte[][] records)
    {
        var message = new byte[question.Length + records.Sum(record => 12 + record.Length)];
        query[..question.Length].CopyTo(message);
        // An answer, recursion available; the query's own id, opcode and wish for recursion stay.
        message[2] = (byte)(0x80 | (query[2] & 0x79));
        message[3] = (byte)(0x80 | code);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)records.Length);
        message.AsSpan(8, 4).Clear();
        var at = question.Length;
        foreach (var record in records)
        {
            // The name is the question's, at byte 12.
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at), 0xc00c);
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 2), (ushort)type);
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 4), DnsQuestion.ClassInternet);
            BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(at + 6), LifetimeSeconds);
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 10), (ushort)record.Length);
            record.CopyTo(message, at + 12);
            at += 12 + record.Length;
        }
        return message;
    }
}

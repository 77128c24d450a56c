using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Yun.Node.Networks;

/// <summary>
/// Answers of other resolvers, kept for as long as they say themselves (RFC 1035, and RFC 2308 for names that are not there). What counts as the same question is the
/// whole of it, its id apart, and whom it was for: a container that has resolvers of its own never fills what another reads.
/// </summary>
internal sealed class DnsCache(TimeProvider time)
{
    private const int EntriesMax = 2048, HeaderBytes = 12, LifetimeMaxSeconds = 300;
    private const int NameError = 3, TypeAuthority = 6, TypeOption = 41;

    private readonly Lock _turn = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private sealed record Entry(byte[] Answer, long At, long Until);

    /// <summary>The answer with this question's id and with lifetimes that have run on; null when none is kept.</summary>
    internal byte[]? Find(ReadOnlySpan<byte> query, IReadOnlyList<IPAddress> servers, ProtocolType protocol)
    {
        Entry? entry;
        lock (_turn) _entries.TryGetValue(Key(query, servers, protocol), out entry);
        var now = Now;
        if (entry is null || entry.Until <= now) return null;
        var answer = (byte[])entry.Answer.Clone();
        query[..2].CopyTo(answer);
        Visit(answer, (_, lifetimeAt, seconds) => BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(lifetimeAt), (uint)Math.Max(0, seconds - (now - entry.At))));
        return answer;
    }

    /// <summary>Keeps an answer, unless it is cut off, a failure, or of a kind that says nothing of how long it holds.</summary>
    internal void Keep(ReadOnlySpan<byte> query, IReadOnlyList<IPAddress> servers, ProtocolType protocol, byte[] answer)
    {
        if (Lifetime(answer) is not (> 0 and var seconds)) return;
        var now = Now;
        lock (_turn)
        {
            if (_entries.Count >= EntriesMax)
            {
                foreach (var (key, entry) in _entries)
                    if (entry.Until <= now) _entries.Remove(key);
                // All of it is fresh: somebody asks for names without end, and who asks for few loses little.
                if (_entries.Count >= EntriesMax) _entries.Clear();
            }
            _entries[Key(query, servers, protocol)] = new Entry((byte[])answer.Clone(), now, now + seconds);
        }
    }

    private long Now => time.GetTimestamp() / time.TimestampFrequency;

    private static string Key(ReadOnlySpan<byte> query, IReadOnlyList<IPAddress> servers, ProtocolType protocol) => $"{protocol} {string.Join(' ', servers)} {Convert.ToHexString(query[2..])}";

    private static int Lifetime(byte[] answer)
    {
        const int truncated = 2;
        if (answer.Length < HeaderBytes || (answer[2] & truncated) != 0 || (answer[3] & 0xf) is not (0 or NameError)) return 0;
        var (least, saysItself) = (LifetimeMaxSeconds, false);
        var whole = Visit(answer, (type, _, seconds) =>
        {
            least = (int)Math.Min(least, seconds);
            saysItself |= type == TypeAuthority;
        });
        // That there is nothing, holds only where the zone says for how long.
        return whole && (BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6)) > 0 || saysItself) ? least : 0;
    }

    /// <summary>Goes through the records; false when the message is not well made.</summary>
    private static bool Visit(byte[] message, Action<int, int, uint> record)
    {
        var at = HeaderBytes;
        int Count(int place) => BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(place));
        for (var questions = Count(4); questions > 0; questions--)
            if (!SkipName(message, ref at) || (at += 4) > message.Length) return false;
        for (var records = Count(6) + Count(8) + Count(10); records > 0; records--)
        {
            if (!SkipName(message, ref at) || at + 10 > message.Length) return false;
            var type = Count(at);
            if (type != TypeOption) record(type, at + 4, BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(at + 4)));
            at += 10 + Count(at + 8);
            if (at > message.Length) return false;
        }
        return true;
    }

    private static bool SkipName(byte[] message, ref int at)
    {
        while (at < message.Length)
        {
            int length = message[at++];
            if (length == 0) return true;
            // A pointer ends the name.
            if (length >= 0xc0) return ++at <= message.Length;
            if (length > 63) return false;
            at += length;
        }
        return false;
    }
}

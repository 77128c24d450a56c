using System.Buffers.Binary;
using System.Net;

namespace Yun.Linux.Netlink;

/// <summary>One flow that the kernel remembers.</summary>
/// <param name="Answerer">Who answers: behind a translation, its true address.</param>
/// <param name="Port">The port that was addressed, before any translation.</param>
public readonly record struct TrackedFlow(byte Protocol, IPAddress Answerer, ushort Port);

/// <summary>
/// The kernel's memory of flows. A flow of UDP has no end, and keeps the translation it began with for as long as packets come: after the rules have changed,
/// only forgetting it makes the next packet follow them.
/// </summary>
public static class ConnectionTracking
{
    private const int Subsystem = 1, Get = 1, Delete = 2;
    private const int Original = 1, Reply = 2, TupleIp = 1, TupleProtocol = 2, SourceIpv4 = 1, SourceIpv6 = 3, ProtocolNumber = 1, DestinationPort = 3;
    private const int HeaderBytes = 4;

    /// <summary>Forgets the flows that <paramref name="which"/> names.</summary>
    public static void Forget(Func<TrackedFlow, bool> which)
    {
        using var socket = new NetlinkSocket(NetlinkFamily.Netfilter);
        foreach (uint family in (ReadOnlySpan<uint>)[NetlinkNative.AfInet, NetlinkNative.AfInet6]) Forget(socket, family, which);
    }

    // The header of a netfilter message begins with the family; the rest of it is zero here.
    private static void Forget(NetlinkSocket socket, uint family, Func<TrackedFlow, bool> which)
    {
        var list = new NetlinkRequest();
        var writer = list.Begin((Subsystem << 8) | Get, NetlinkFlags.Dump, "list tracked flows");
        writer.Put(family);
        writer.End();
        var doomed = new List<byte[]>();
        socket.Query(list, message =>
        {
            if (Parse(message.Body, out var original) is { } flow && which(flow)) doomed.Add(original);
        });
        foreach (var original in doomed)
        {
            var request = new NetlinkRequest();
            writer = request.Begin((Subsystem << 8) | Delete, NetlinkFlags.Acknowledge, "forget tracked flow");
            writer.Put(family);
            var nest = writer.OpenNest(Original);
            writer.PutBytes(original);
            writer.CloseNest(nest);
            writer.End();
            try { socket.Execute(request); }
            // It ended by itself.
            catch (SyscallException error) when (error.Errno == Errno.ENOENT) { }
        }
    }

    private static TrackedFlow? Parse(ReadOnlySpan<byte> body, out byte[] original)
    {
        original = [];
        if (body.Length < HeaderBytes) return null;
        IPAddress? answerer = null;
        byte protocol = 0;
        ushort port = 0;
        var attributes = new NetlinkAttributes(body[HeaderBytes..]);
        while (attributes.Next())
        {
            if (attributes.Type is not (Original or Reply)) continue;
            var isReply = attributes.Type == Reply;
            if (!isReply) original = attributes.Value.ToArray();
            var tuple = new NetlinkAttributes(attributes.Value);
            while (tuple.Next())
            {
                var fields = new NetlinkAttributes(tuple.Value);
                while (fields.Next())
                {
                    if (isReply && tuple.Type == TupleIp && fields is { Type: SourceIpv4, Value.Length: 4 } or { Type: SourceIpv6, Value.Length: 16 }) answerer = new IPAddress(fields.Value);
                    if (!isReply && tuple.Type == TupleProtocol && fields.Type == ProtocolNumber) protocol = (byte)fields.Number;
                    if (!isReply && tuple.Type == TupleProtocol && fields.Type == DestinationPort && fields.Value.Length == 2) port = BinaryPrimitives.ReadUInt16BigEndian(fields.Value);
                }
            }
        }
        return answerer is null ? null : new TrackedFlow(protocol, answerer, port);
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Yun.Node.Networks;

/// <summary>Asks a resolver what we do not know ourselves, from the host's network.</summary>
internal static class DnsForwarder
{
    private const int Port = 53, ServersMax = 3;
    private static readonly TimeSpan s_answerMax = TimeSpan.FromSeconds(4);

    /// <summary>The answer to <paramref name="query"/>, with its id; null when nobody gave one.</summary>
    internal static async Task<byte[]?> AskAsync(byte[] query, IReadOnlyList<IPAddress> servers, ProtocolType protocol, CancellationToken cancel)
    {
        foreach (var server in servers.Take(ServersMax))
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            deadline.CancelAfter(s_answerMax);
            try
            {
                // An id of our own and a fresh source port: a container cannot prepare a forged answer for another's question.
                var id = (ushort)RandomNumberGenerator.GetInt32(65536);
                var ours = (byte[])query.Clone();
                BinaryPrimitives.WriteUInt16BigEndian(ours, id);
                var answer = protocol == ProtocolType.Tcp ? await AskByStreamAsync(ours, server, deadline.Token) : await AskByDatagramAsync(ours, id, server, deadline.Token);
                if (answer is null) continue;
                query.AsSpan(0, 2).CopyTo(answer);
                return answer;
            }
            catch (Exception error) when (error is SocketException or IOException || (error is OperationCanceledException && !cancel.IsCancellationRequested)) { }
        }
        return null;
    }

    /// <summary>One message of DNS over TCP: two bytes of length, then it. Null at the end.</summary>
    internal static async Task<byte[]?> ReadAsync(NetworkStream stream, CancellationToken cancel)
    {
        var length = new byte[2];
        if (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, cancel) < 2) return null;
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message, cancel);
        return message;
    }

    internal static async Task WriteAsync(NetworkStream stream, byte[] message, CancellationToken cancel)
    {
        var framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        await stream.WriteAsync(framed, cancel);
    }

    private static async Task<byte[]?> AskByDatagramAsync(byte[] query, ushort id, IPAddress server, CancellationToken cancel)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        // Connected, so that only this server's datagrams are taken.
        await socket.ConnectAsync(new IPEndPoint(server, Port), cancel);
        await socket.SendAsync(query, SocketFlags.None, cancel);
        var buffer = new byte[65535];
        while (true)
        {
            var got = await socket.ReceiveAsync(buffer, SocketFlags.None, cancel);
            if (got >= 12 && BinaryPrimitives.ReadUInt16BigEndian(buffer) == id) return buffer[..got];
        }
    }

    private static async Task<byte[]?> AskByStreamAsync(byte[] query, IPAddress server, CancellationToken cancel)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(server, Port), cancel);
        await using var stream = new NetworkStream(socket);
        await WriteAsync(stream, query, cancel);
        return await ReadAsync(stream, cancel) is { Length: >= 12 } answer ? answer : null;
    }
}

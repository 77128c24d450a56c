using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Yun.Node.Networks;

/// <summary>Datagrams to a published port that the firewall does not translate. Each client gets a socket of its own towards the container, which ends after a silence.</summary>
internal sealed class DatagramRelay : IDisposable
{
    // As long as docker-proxy keeps one. The count bounds what a flood of forged sources can take.
    private static readonly TimeSpan s_silenceMax = TimeSpan.FromSeconds(90);
    private const int ClientsMax = 1024, DatagramBytesMax = 65507;

    private readonly Socket _socket;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<EndPoint, Socket> _clients = [];

    internal DatagramRelay(Socket socket, IPEndPoint target)
    {
        (_socket, _target) = (socket, target);
        Receiving = ReceiveAsync();
    }

    internal Task Receiving { get; }

    private async Task ReceiveAsync()
    {
        var any = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        // Most published UDP ports never see a datagram here, so the buffer comes with the first.
        byte[] buffer = [];
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.Peek, _stopping.Token);
                if (buffer.Length == 0) buffer = new byte[DatagramBytesMax];
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, any, _stopping.Token);
                if (ClientOf(received.RemoteEndPoint) is { } towards) await towards.SendAsync(buffer.AsMemory(0, received.ReceivedBytes), SocketFlags.None, _stopping.Token);
            }
            catch (OperationCanceledException) { return; }
            catch (ObjectDisposedException) when (_stopping.IsCancellationRequested) { return; }
            // The container has nobody on that port: UDP loses datagrams.
            catch (Exception error) when (error is SocketException or ObjectDisposedException) { await Task.Delay(1, CancellationToken.None); }
        }
    }

    private Socket? ClientOf(EndPoint client)
    {
        if (_clients.TryGetValue(client, out var known)) return known;
        if (_clients.Count >= ClientsMax) return null;
        var towards = new Socket(_target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        towards.Connect(_target);
        _clients[client] = towards;
        Answer(client, towards);
        return towards;
    }

    // Ends with silence or with the relay.
    private async void Answer(EndPoint client, Socket towards)
    {
        var buffer = new byte[DatagramBytesMax];
        try
        {
            while (true)
            {
                using var silence = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                silence.CancelAfter(s_silenceMax);
                var got = await towards.ReceiveAsync(buffer, SocketFlags.None, silence.Token);
                await _socket.SendToAsync(buffer.AsMemory(0, got), SocketFlags.None, client, silence.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException) { }
        finally
        {
            _clients.TryRemove(client, out _);
            towards.Dispose();
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _socket.Dispose();
        foreach (var client in _clients.Values) client.Dispose();
    }
}

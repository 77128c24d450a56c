using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Yun.Node.Networks;

/// <summary>
/// Connections to a published port that the firewall does not translate: those by IPv6, and any while its rules are missing. The container sees the bridge's
/// address as their source, never its own loopback.
/// </summary>
internal sealed class StreamRelay : IDisposable
{
    private static readonly TimeSpan s_connectMax = TimeSpan.FromSeconds(10);

    private readonly Socket _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Socket, bool> _open = [];

    internal StreamRelay(Socket listener, IPEndPoint target)
    {
        (_listener, _target) = (listener, target);
        Accepting = AcceptAsync();
    }

    /// <summary>Ends when the relay is disposed of.</summary>
    internal Task Accepting { get; }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try { Serve(await _listener.AcceptAsync(_stopping.Token)); }
            catch (OperationCanceledException) { return; }
            catch (ObjectDisposedException) { return; }
            // The client left before it was accepted, or descriptors ran out: the next may fare better.
            catch (SocketException) { await Task.Delay(10, CancellationToken.None); }
        }
    }

    // A connection owns itself: it ends when both ends have, or with the relay, which closes what is open.
    private async void Serve(Socket client)
    {
        using var server = new Socket(_target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _open[client] = _open[server] = true;
        try
        {
            client.NoDelay = server.NoDelay = true;
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            deadline.CancelAfter(s_connectMax);
            await server.ConnectAsync(_target, deadline.Token);
            await Task.WhenAll(CopyAsync(client, server), CopyAsync(server, client));
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // A reset tells the client that its data did not arrive.
            try { client.Close(0); }
            catch (SocketException) { }
        }
        finally
        {
            _open.TryRemove(client, out _);
            _open.TryRemove(server, out _);
            client.Dispose();
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            for (int got; (got = await from.ReceiveAsync(buffer, SocketFlags.None, _stopping.Token)) > 0;)
                for (var sent = 0; sent < got;) sent += await to.SendAsync(buffer.AsMemory(sent, got - sent), SocketFlags.None, _stopping.Token);
            to.Shutdown(SocketShutdown.Send);
        }
        finally { System.Buffers.ArrayPool<byte>.Shared.Return(buffer); }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _listener.Dispose();
        foreach (var socket in _open.Keys) socket.Dispose();
    }
}

using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yun.Linux;

namespace Yun.DockerApi.Streams;

/// <summary>
/// Docker's clients end their standard input by shutting down one direction of the connection and go on reading. To Kestrel that is the end of the
/// connection: it cancels the request. Here the news is kept back from connections that a handler has taken over; they see the end of their input
/// as such, and the end of the connection when the kernel says that the other side is gone altogether.
/// </summary>
internal sealed class HalfClose : IDisposable
{
    private static readonly HangUpWatcher s_watcher = new();

    private readonly ConnectionContext _connection;
    private readonly CancellationToken _transportClosed;
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenRegistration _registration;
    private readonly Lock _lock = new();
    private IDisposable? _watch;
    private bool _taken, _inputEnded, _disposed;

    private HalfClose(ConnectionContext connection)
    {
        _connection = connection;
        _transportClosed = connection.ConnectionClosed;
        connection.ConnectionClosed = _closed.Token;
        connection.Features.Set(this);
        _registration = _transportClosed.UnsafeRegister(static state => ((HalfClose)state!).OnInputEnded(), this);
    }

    /// <summary>Cancelled when the other side is gone.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Puts it between the socket and the HTTP server.</summary>
    public static void Use(ListenOptions listen) => listen.Use(next => async connection =>
    {
        using var halfClose = new HalfClose(connection);
        await next(connection);
    });

    /// <summary>The connection is a stream from now on.</summary>
    public void TakeOver()
    {
        lock (_lock)
        {
            _taken = true;
            if (_inputEnded) WatchForHangUp();
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        lock (_lock)
        {
            _disposed = true;
            _watch?.Dispose();
        }
        _closed.Dispose();
    }

    private void OnInputEnded()
    {
        lock (_lock)
        {
            _inputEnded = true;
            if (_taken)
            {
                WatchForHangUp();
                return;
            }
        }
        Cancel();
    }

    private void WatchForHangUp()
    {
        if (_disposed || _watch is not null || _connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket) return;
        try { _watch = s_watcher.Watch(socket.SafeHandle, () => ThreadPool.UnsafeQueueUserWorkItem(static self => self.Cancel(), this, preferLocal: false)); }
        catch (Exception error) when (error is ObjectDisposedException or SyscallException) { ThreadPool.UnsafeQueueUserWorkItem(static self => self.Cancel(), this, preferLocal: false); }
    }

    private void Cancel()
    {
        try { _closed.Cancel(); }
        catch (ObjectDisposedException) { }
    }
}

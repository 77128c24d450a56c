using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>
/// Tells when the other end of a socket is gone altogether, and not only done with sending: both look the same to who reads. One thread sleeps in the
/// kernel for all of them, and starts with the first.
/// </summary>
public sealed class HangUpWatcher : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (SafeHandle Socket, Action Gone)> _watched = [];
    private Epoll? _epoll;
    private WakeUp? _stop;
    private long _last;

    /// <summary>Calls <paramref name="gone"/> once, on the watcher's thread, when the other end has closed. A socket that is closed on this side is watched no longer.</summary>
    public IDisposable Watch(SafeHandle socket, Action gone)
    {
        lock (_lock)
        {
            if (_epoll is null) Start();
            var token = ++_last;
            _watched[token] = (socket, gone);
            _epoll!.Watch(socket, EpollEvents.None, token);
            return new Watched(this, token);
        }
    }

    public void Dispose()
    {
        lock (_lock) _stop?.Set();
    }

    private void Start()
    {
        (_epoll, _stop) = (new Epoll(), new WakeUp());
        _epoll.Watch(_stop.Handle, EpollEvents.Readable, 0);
        new Thread(Run, 128 << 10) { IsBackground = true, Name = "hang-ups" }.Start();
    }

    private void Run()
    {
        while (true)
        {
            var count = _epoll!.Wait(-1);
            for (var i = 0; i < count; i++)
            {
                var token = _epoll[i].Token;
                if (token == 0)
                {
                    _epoll.Dispose();
                    return;
                }
                Forget(token)?.Invoke();
            }
        }
    }

    private Action? Forget(long token)
    {
        lock (_lock)
        {
            if (!_watched.Remove(token, out var watched)) return null;
            try { _epoll!.Forget(watched.Socket); }
            catch (ObjectDisposedException) { /* The kernel has forgotten it when it was closed. */ }
            return watched.Gone;
        }
    }

    private sealed class Watched(HangUpWatcher owner, long token) : IDisposable
    {
        public void Dispose() => owner.Forget(token);
    }
}

using System.Runtime.InteropServices;
using Yun.Linux;

namespace Yun.Runtime.Keep;

/// <summary>The loop's interest in one descriptor, which stays its owner's and must outlive this.</summary>
internal sealed class Watch : IDisposable
{
    private readonly EventLoop _loop;
    private readonly SafeHandle _descriptor;
    private readonly long _token;
    private EpollEvents? _interest;
    private bool _disposed;

    public Watch(EventLoop loop, SafeHandle descriptor, Action<EpollEvents> ready)
    {
        (_loop, _descriptor, Ready) = (loop, descriptor, ready);
        _token = loop.Add(this);
    }

    public Action<EpollEvents> Ready { get; }

    /// <summary>Errors and hang-ups are told with any interest, and again until something is done about them.</summary>
    public void For(EpollEvents interest)
    {
        if (_disposed || _interest == interest) return;
        if (_interest is null) _loop.Epoll.Watch(_descriptor, interest, _token);
        else _loop.Epoll.Change(_descriptor, interest, _token);
        _interest = interest;
    }

    /// <summary>Nothing is told, hang-ups neither.</summary>
    public void Pause()
    {
        if (_interest is null) return;
        _interest = null;
        _loop.Epoll.Forget(_descriptor);
    }

    public void Dispose()
    {
        if (_disposed) return;
        Pause();
        _disposed = true;
        _loop.Remove(_token);
    }
}

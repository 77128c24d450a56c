using Yun.Linux;

namespace Yun.Runtime.Keep;

/// <summary>
/// The keeper's one thread of decisions: it waits for descriptors, other threads' news and times. Nothing called from it may wait for anything
/// but the log files' disk.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private readonly Epoll _epoll = new();
    private readonly WakeUp _wakeUp = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Watch> _watches = [];
    private readonly PriorityQueue<Action, long> _timers = new();
    private Queue<Action> _news = new(), _emptyNews = new();
    private long _lastToken;
    private bool _stopped;

    public EventLoop() => _epoll.Watch(_wakeUp.Handle, EpollEvents.Readable, 0);

    /// <summary>Runs an action on the loop's thread, soon; callable from any thread.</summary>
    public void Post(Action action)
    {
        lock (_lock) _news.Enqueue(action);
        _wakeUp.Set();
    }

    public void After(TimeSpan time, Action action) => _timers.Enqueue(action, Environment.TickCount64 + (long)time.TotalMilliseconds);

    public void Stop() => _stopped = true;

    public void Run()
    {
        while (!_stopped)
        {
            var count = _epoll.Wait(MillisecondsToTimer());
            for (var i = 0; i < count; i++)
            {
                var (events, token) = _epoll[i];
                if (token == 0) _wakeUp.Clear();
                // One whose turn was still to come may have been closed by one before it.
                else if (_watches.TryGetValue(token, out var watch)) Tell(watch, events);
            }
            RunNews();
            while (_timers.TryPeek(out var action, out var due) && due <= Environment.TickCount64)
            {
                _timers.Dequeue();
                Guarded(action);
            }
        }
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wakeUp.Dispose();
    }

    internal long Add(Watch watch)
    {
        _watches.Add(++_lastToken, watch);
        return _lastToken;
    }

    internal void Remove(long token) => _watches.Remove(token);

    internal Epoll Epoll => _epoll;

    private void RunNews()
    {
        Queue<Action> news;
        lock (_lock)
        {
            if (_news.Count == 0) return;
            (news, _news) = (_news, _emptyNews);
        }
        while (news.TryDequeue(out var action)) Guarded(action);
        _emptyNews = news;
    }

    private int MillisecondsToTimer() =>
        _timers.TryPeek(out _, out var due) ? (int)Math.Clamp(due - Environment.TickCount64, 0, int.MaxValue) : -1;

    // A fault in the handling of one container must not take the others' parent away.
    private static void Guarded(Action action)
    {
        try { action(); }
        catch (Exception error) { Journal.Write($"fault: {error}"); }
    }

    private static void Tell(Watch watch, EpollEvents events)
    {
        try { watch.Ready(events); }
        catch (Exception error)
        {
            Journal.Write($"fault: {error}");
            watch.Pause();
        }
    }
}

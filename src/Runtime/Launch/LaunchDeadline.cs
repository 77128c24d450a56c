using Yun.Linux;

namespace Yun.Runtime;

/// <summary>
/// Kills a child that hangs on its way: the thread that cloned it sleeps in the kernel and cannot. One thread watches all launches of the process.
/// </summary>
internal sealed unsafe class LaunchDeadline : IDisposable
{
    private static readonly Lock s_lock = new();
    private static readonly List<LaunchDeadline> s_watched = [];
    private static readonly AutoResetEvent s_changed = new(false);
    private static Thread? s_watcher;

    private readonly long* _pidFd;
    private readonly long _dueMilliseconds;
    private volatile bool _hasPassed;

    private LaunchDeadline(long* pidFd, long dueMilliseconds)
    {
        _pidFd = pidFd;
        _dueMilliseconds = dueMilliseconds;
    }

    public bool HasPassed => _hasPassed;

    /// <param name="pidFd">Where the kernel writes the child's pidfd; must stay valid until this is disposed.</param>
    public static LaunchDeadline? Watch(long* pidFd, TimeSpan after)
    {
        if (after == Timeout.InfiniteTimeSpan) return null;
        var deadline = new LaunchDeadline(pidFd, Environment.TickCount64 + (long)after.TotalMilliseconds);
        lock (s_lock)
        {
            s_watched.Add(deadline);
            if (s_watcher is null)
            {
                s_watcher = new Thread(Run, 64 << 10) { IsBackground = true, Name = "launch deadlines" };
                s_watcher.Start();
            }
            else if (s_watched.Count == 1) s_changed.Set();
        }
        return deadline;
    }

    public void Dispose()
    {
        lock (s_lock) s_watched.Remove(this);
    }

    private static void Run()
    {
        while (true)
        {
            var wait = -1;
            lock (s_lock)
            {
                foreach (var deadline in s_watched) wait = Math.Max(wait, deadline.KillIfDue());
            }
            // Starts take milliseconds, so looking once a second while one is under way is enough, and nothing wakes when none is.
            s_changed.WaitOne(wait < 0 ? Timeout.Infinite : 1000);
        }
    }

    private int KillIfDue()
    {
        if (Environment.TickCount64 < _dueMilliseconds || *_pidFd < 0 || _hasPassed) return 1;
        _hasPassed = true;
        using var process = new Microsoft.Win32.SafeHandles.SafeFileHandle((nint)(int)*_pidFd, ownsHandle: false);
        ProcessDescriptor.Signal(process, 9);
        return 1;
    }
}

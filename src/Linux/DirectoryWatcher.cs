using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>
/// Tells when something in a directory is written, made or renamed (inotify(7)). One kernel instance and one thread serve all subscriptions, since a
/// user may have few instances; the thread sleeps in the kernel and starts with the first subscription.
/// </summary>
public sealed unsafe class DirectoryWatcher : IDisposable
{
    private const uint Modified = 0x2, MovedFrom = 0x40, MovedTo = 0x80, Created = 0x100, QueueOverflow = 0x4000, Ignored = 0x8000, OnlyDirectory = 0x01000000;
    private const int CloseOnExec = 0x80000;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Watch> _watches = [];
    private SafeFileHandle? _queue;
    private bool _disposed;

    private sealed class Watch
    {
        public List<Action> Subscribers { get; } = [];
    }

    /// <summary>Calls <paramref name="changed"/> after each change, on the watcher's thread: it must return at once. Several changes may be told as one.</summary>
    /// <exception cref="SyscallException">The directory does not exist, or the kernel's limit of watches is reached.</exception>
    public IDisposable Subscribe(string directory, Action changed)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _queue ??= Start();
            // The same directory watched again gives the same number.
            var number = Native.Check(Native.inotify_add_watch((int)_queue.DangerousGetHandle(), directory, Modified | MovedFrom | MovedTo | Created | OnlyDirectory), "inotify_add_watch", directory);
            if (!_watches.TryGetValue(number, out var watch)) _watches[number] = watch = new Watch();
            watch.Subscribers.Add(changed);
            return new Subscription(this, number, changed);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            // Removing a watch puts an event in the queue, which wakes the thread; it closes the queue when it goes.
            foreach (var number in _watches.Keys) _ = Native.inotify_rm_watch((int)_queue!.DangerousGetHandle(), number);
            _watches.Clear();
        }
    }

    private SafeFileHandle Start()
    {
        var queue = new SafeFileHandle(Native.Check(Native.inotify_init1(CloseOnExec), "inotify_init1"), ownsHandle: true);
        new Thread(() => Read(queue), 128 << 10) { IsBackground = true, Name = "directories" }.Start();
        return queue;
    }

    private void Read(SafeFileHandle queue)
    {
        const int headerBytes = 16;
        Span<byte> buffer = stackalloc byte[4096];
        var toCall = new List<Action>();
        while (true)
        {
            var count = OpenFile.Read(queue, buffer);
            lock (_lock)
            {
                if (_disposed) break;
                // struct inotify_event: watch 4, mask 4, cookie 4, length of the name 4, name.
                for (var at = 0; at + headerBytes <= count; at += headerBytes + MemoryMarshal.Read<int>(buffer[(at + 12)..]))
                {
                    var (number, mask) = (MemoryMarshal.Read<int>(buffer[at..]), MemoryMarshal.Read<uint>(buffer[(at + 4)..]));
                    if ((mask & QueueOverflow) != 0) toCall.AddRange(_watches.Values.SelectMany(w => w.Subscribers));
                    if (!_watches.TryGetValue(number, out var watch)) continue;
                    toCall.AddRange(watch.Subscribers);
                    if ((mask & Ignored) != 0) _watches.Remove(number);
                }
            }
            foreach (var call in toCall) call();
            toCall.Clear();
        }
        queue.Dispose();
    }

    private void Unsubscribe(int number, Action changed)
    {
        lock (_lock)
        {
            if (_disposed || !_watches.TryGetValue(number, out var watch) || !watch.Subscribers.Remove(changed) || watch.Subscribers.Count > 0) return;
            _watches.Remove(number);
            _ = Native.inotify_rm_watch((int)_queue!.DangerousGetHandle(), number);
        }
    }

    private sealed class Subscription(DirectoryWatcher owner, int number, Action changed) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0) owner.Unsubscribe(number, changed);
        }
    }
}

internal static unsafe partial class Native
{
    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int inotify_init1(int flags);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int inotify_add_watch(int queue, string path, uint mask);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int inotify_rm_watch(int queue, int watch);
}

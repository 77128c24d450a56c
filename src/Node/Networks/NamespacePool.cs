using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Netlink;

namespace Yun.Node.Networks;

/// <summary>
/// Network namespaces made ahead of need, since making one is the largest single cost of a container's start. Each serves one container, once. They are held by
/// descriptor alone, so they end with the daemon, however it ends.
/// </summary>
/// <param name="size">How many are to be ready; 0 makes each when it is asked for.</param>
internal sealed class NamespacePool(int size) : IAsyncDisposable
{
    // Making one takes turns with everything that is done inside namespaces, so it waits until starts have a pause.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50), s_afterFailure = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<SafeFileHandle> _ready = new();
    private readonly SemaphoreSlim _taken = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private long _lastTaken = Environment.TickCount64;
    private Task _filling = Task.CompletedTask;

    /// <summary>How many are ready now.</summary>
    internal int Count => _ready.Count;

    /// <summary>Begins to make them.</summary>
    internal void Start()
    {
        if (size > 0 && _filling.IsCompleted) _filling = Task.Run(FillAsync);
    }

    /// <summary>One with a loopback interface that is up and <see cref="SandboxSettings.All"/>; the caller's.</summary>
    internal SafeFileHandle Take()
    {
        Interlocked.Exchange(ref _lastTaken, Environment.TickCount64);
        if (!_ready.TryDequeue(out var ready)) return Make();
        _taken.Release();
        return ready;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _filling;
        while (_ready.TryDequeue(out var ready)) ready.Dispose();
        _stopping.Dispose();
        _taken.Dispose();
    }

    private async Task FillAsync()
    {
        try
        {
            while (true)
            {
                while (Environment.TickCount64 - Interlocked.Read(ref _lastTaken) < s_pause.TotalMilliseconds) await Task.Delay(s_pause, _stopping.Token);
                if (_ready.Count >= size)
                {
                    await _taken.WaitAsync(_stopping.Token);
                    continue;
                }
                try { _ready.Enqueue(Make()); }
                // Whoever needs one is told why there is none.
                catch (SyscallException) { await Task.Delay(s_afterFailure, _stopping.Token); }
            }
        }
        catch (OperationCanceledException) { }
    }

    private static SafeFileHandle Make()
    {
        var made = NetworkNamespace.Create(SandboxSettings.All);
        try
        {
            using var inside = new RouteSocket(made);
            inside.Execute(new RouteRequest().SetUp("lo"));
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }
}

namespace Yun.Node.Containers;

public enum WaitCondition
{
    /// <summary>At once when nothing runs, else at the next exit.</summary>
    NotRunning,
    /// <summary>The next exit, also of a container not started yet: asked before a start, it misses nothing.</summary>
    NextExit,
    Removed,
}

/// <param name="Error">Why a removal that was waited for failed.</param>
public sealed record WaitResult(int ExitCode, string? Error = null);

public sealed partial class Container
{
    private readonly TaskCompletionSource<WaitResult> _removed = NewWait();
    private volatile TaskCompletionSource<WaitResult> _nextExit = NewWait();

    /// <summary>The wait stands when this returns: what happens from now on is seen.</summary>
    public Task<WaitResult> WaitAsync(WaitCondition condition, CancellationToken cancel = default)
    {
        if (condition == WaitCondition.Removed) return _removed.Task.WaitAsync(cancel);
        // Taken before the state is looked at: an exit in between ends this task.
        var next = _nextExit.Task;
        return condition == WaitCondition.NotRunning && State is { IsLive: false, Status: not ContainerStatus.Restarting } ended
            ? Task.FromResult(new WaitResult(ended.ExitCode))
            : next.WaitAsync(cancel);
    }

    private void EndWaits(int exitCode) => Interlocked.Exchange(ref _nextExit, NewWait()).TrySetResult(new WaitResult(exitCode));

    private static TaskCompletionSource<WaitResult> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

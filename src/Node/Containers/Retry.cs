using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    private TimeSpan _retryDelay;
    private CancellationTokenSource? _retry;

    private void ScheduleRetry(TimeSpan ran)
    {
        _retryDelay = RestartDecision.Delay(_retryDelay, ran);
        var retry = _retry = CancellationTokenSource.CreateLinkedTokenSource(Engine.Stopping);
        Engine.Track(RetryAsync(_retryDelay, retry));
    }

    /// <summary>Starts a container again that its policy wants up; at the daemon's start, and after a delay.</summary>
    internal async Task RetryAsync(TimeSpan delay, CancellationTokenSource? retry = null)
    {
        try
        {
            await Task.Delay(delay, Engine.Time, retry?.Token ?? Engine.Stopping);
            using (await TakeTurnAsync(Engine.Stopping))
                if (State.Status is ContainerStatus.Restarting or ContainerStatus.Exited && retry?.IsCancellationRequested != true)
                    await StartInTurnAsync(_record, Engine.Stopping);
        }
        catch (OperationCanceledException) { }
        catch (EngineException error) { Engine.Log.Error($"Container {Name} cannot be started again: {error.Message}"); }
        finally
        {
            retry?.Dispose();
        }
    }

    private void CancelRetry()
    {
        var retry = Interlocked.Exchange(ref _retry, null);
        try { retry?.Cancel(); }
        catch (ObjectDisposedException) { /* It has run its course. */ }
    }
}

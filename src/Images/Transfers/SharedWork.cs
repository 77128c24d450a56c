namespace Yun.Images.Transfers;

/// <summary>
/// Work that several callers may ask for at once and that is done once: two pulls of one layer. Each caller sees the progress and the result; the work is cancelled
/// when the last of them has gone.
/// </summary>
internal sealed class SharedWork<TKey, TResult> where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Shared> _running = [];

    public async Task<TResult> JoinAsync(
        TKey key, Func<IProgress<TransferProgress>, CancellationToken, Task<TResult>> work, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        Shared shared;
        lock (_lock)
        {
            // One whose callers all left is ending, and is not joined.
            if (!_running.TryGetValue(key, out shared!) || !shared.TryJoin(progress))
            {
                shared = new Shared(progress);
                _running[key] = shared;
                shared.Result = RunAsync(key, shared, work);
            }
        }
        try
        {
            return await shared.Result.WaitAsync(cancel);
        }
        finally
        {
            bool last;
            lock (_lock) last = shared.Leave(progress);
            // What it was at is cleared away when its last caller goes on.
            if (last) await shared.Result.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task<TResult> RunAsync(TKey key, Shared shared, Func<IProgress<TransferProgress>, CancellationToken, Task<TResult>> work)
    {
        await Task.Yield();
        try
        {
            return await work(shared, shared.Stop);
        }
        finally
        {
            lock (_lock)
            {
                if (_running.TryGetValue(key, out var current) && ReferenceEquals(current, shared)) _running.Remove(key);
                shared.End();
            }
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The token source is disposed of when the work ends.")]
    private sealed class Shared : IProgress<TransferProgress>
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<IProgress<TransferProgress>?> _callers = [];
        private TransferProgress? _last;
        private bool _ended;

        public Shared(IProgress<TransferProgress>? first)
        {
            Stop = _stop.Token;
            _callers.Add(first);
        }

        public CancellationToken Stop { get; }

        public Task<TResult> Result { get; set; } = null!;

        public bool TryJoin(IProgress<TransferProgress>? caller)
        {
            lock (_callers)
            {
                if (_callers.Count == 0) return false;
                _callers.Add(caller);
                if (_last is not null) caller?.Report(_last);
                return true;
            }
        }

        public bool Leave(IProgress<TransferProgress>? caller)
        {
            lock (_callers)
            {
                _callers.Remove(caller);
                if (_callers.Count == 0 && !_ended) _stop.Cancel();
                return _callers.Count == 0;
            }
        }

        public void End()
        {
            lock (_callers)
            {
                _ended = true;
                _stop.Dispose();
            }
        }

        public void Report(TransferProgress value)
        {
            lock (_callers)
            {
                _last = value;
                foreach (var caller in _callers) caller?.Report(value);
            }
        }
    }
}

namespace Yun.Images.Transfers;

/// <summary>One at a time for each key.</summary>
public sealed class KeyedLocks<TKey> where TKey : notnull
{
    private readonly Dictionary<TKey, (SemaphoreSlim Turn, int Users)> _locks = [];

    public async Task<IDisposable> EnterAsync(TKey key, CancellationToken cancel)
    {
        SemaphoreSlim turn;
        lock (_locks)
        {
            var known = _locks.GetValueOrDefault(key);
            turn = known.Turn ?? new SemaphoreSlim(1, 1);
            _locks[key] = (turn, known.Users + 1);
        }
        try
        {
            await turn.WaitAsync(cancel);
        }
        catch
        {
            Leave(key);
            throw;
        }
        return new Held(this, key, turn);
    }

    private void Leave(TKey key)
    {
        lock (_locks)
        {
            var (turn, users) = _locks[key];
            if (users == 1) _locks.Remove(key);
            else _locks[key] = (turn, users - 1);
        }
    }

    private sealed class Held(KeyedLocks<TKey> locks, TKey key, SemaphoreSlim turn) : IDisposable
    {
        public void Dispose()
        {
            turn.Release();
            locks.Leave(key);
        }
    }
}

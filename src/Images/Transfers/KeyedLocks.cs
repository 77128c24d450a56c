using Yun.Oci;

namespace Yun.Images.Transfers;

/// <summary>One at a time for each digest.</summary>
internal sealed class KeyedLocks
{
    private readonly Dictionary<Digest, (SemaphoreSlim Turn, int Users)> _locks = [];

    public async Task<IDisposable> EnterAsync(Digest key, CancellationToken cancel)
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

    private void Leave(Digest key)
    {
        lock (_locks)
        {
            var (turn, users) = _locks[key];
            if (users == 1) _locks.Remove(key);
            else _locks[key] = (turn, users - 1);
        }
    }

    private sealed class Held(KeyedLocks locks, Digest key, SemaphoreSlim turn) : IDisposable
    {
        public void Dispose()
        {
            turn.Release();
            locks.Leave(key);
        }
    }
}

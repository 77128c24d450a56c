namespace Yun.Store;

/// <summary>A store that lives as long as the process: for tests and simulation.</summary>
public sealed class MemoryStore : IStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Watches _watches = new();
    private long _revision;

    public ValueTask<Entry?> GetAsync(string key, CancellationToken cancel = default)
    {
        lock (_lock) return new(_entries.GetValueOrDefault(key));
    }

    public ValueTask<IReadOnlyList<Entry>> RangeAsync(string prefix, CancellationToken cancel = default)
    {
        lock (_lock) return new([.. _entries.Values.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal))]);
    }

    public ValueTask<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel = default)
    {
        lock (_lock) return new(Write(key, value));
    }

    public ValueTask<long> CreateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel = default)
    {
        lock (_lock) return new(_entries.ContainsKey(key) ? throw new RevisionConflictException(key, 0) : Write(key, value));
    }

    public ValueTask<long> UpdateAsync(string key, ReadOnlyMemory<byte> value, long expectedRevision, CancellationToken cancel = default)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(key, out var entry) && entry.Revision == expectedRevision
                ? new(Write(key, value))
                : throw new RevisionConflictException(key, expectedRevision);
        }
    }

    public ValueTask<bool> DeleteAsync(string key, CancellationToken cancel = default)
    {
        lock (_lock)
        {
            if (!_entries.Remove(key)) return new(false);
            _watches.Publish(new Change(key, null, ++_revision));
            return new(true);
        }
    }

    public IAsyncEnumerable<Change> WatchAsync(string prefix, CancellationToken cancel = default) => _watches.Open(prefix, cancel);

    public ValueTask DisposeAsync()
    {
        _watches.Close();
        return ValueTask.CompletedTask;
    }

    private long Write(string key, ReadOnlyMemory<byte> value)
    {
        var entry = _entries[key] = new Entry(key, value.ToArray(), ++_revision);
        _watches.Publish(new Change(key, entry.Value, entry.Revision));
        return entry.Revision;
    }
}

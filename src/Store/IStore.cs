namespace Yun.Store;

/// <summary>One key's value at one revision.</summary>
/// <param name="Revision">Grows with every write to the store; the one that wrote this value.</param>
public sealed record Entry(string Key, byte[] Value, long Revision);

/// <summary>A write seen by a watch: <see cref="Value"/> is null when the key was deleted.</summary>
public sealed record Change(string Key, byte[]? Value, long Revision);

/// <summary>An update or create met a key at another revision than the caller knew.</summary>
public sealed class RevisionConflictException(string key, long expected) : Exception($"'{key}' is no longer at revision {expected}.");

/// <summary>
/// A small ordered key-value store. Keys are paths such as <c>/containers/ID</c>. Every write has a revision, greater than every one before.
/// Implementations are safe for concurrent use and pass the same contract tests.
/// </summary>
public interface IStore : IAsyncDisposable
{
    ValueTask<Entry?> GetAsync(string key, CancellationToken cancel = default);

    /// <summary>All entries whose key starts with <paramref name="prefix"/>, in ordinal order of the key.</summary>
    ValueTask<IReadOnlyList<Entry>> RangeAsync(string prefix, CancellationToken cancel = default);

    /// <summary>Writes whatever was there before. Returns the new revision.</summary>
    ValueTask<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel = default);

    /// <exception cref="RevisionConflictException">The key exists.</exception>
    ValueTask<long> CreateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel = default);

    /// <exception cref="RevisionConflictException">The key is not at <paramref name="expectedRevision"/>.</exception>
    ValueTask<long> UpdateAsync(string key, ReadOnlyMemory<byte> value, long expectedRevision, CancellationToken cancel = default);

    /// <summary>True when there was something to delete.</summary>
    ValueTask<bool> DeleteAsync(string key, CancellationToken cancel = default);

    /// <summary>Writes under <paramref name="prefix"/> from now on, in order, until cancelled.</summary>
    IAsyncEnumerable<Change> WatchAsync(string prefix, CancellationToken cancel = default);
}

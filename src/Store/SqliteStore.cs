using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Yun.Protocol;

namespace Yun.Store;

/// <summary>
/// A store in one SQLite file with a write-ahead log. A write has been synced to the disk when its task ends. One loop does all writes, and those that arrive
/// while it syncs share the next transaction, so that many writers cost one sync. Reads go by a connection of their own and never wait for a write.
/// </summary>
public sealed class SqliteStore : IStore
{
    private const int BatchMax = 256;
    // SQLITE_FULL
    private const int DiskFull = 13;
    private readonly SqliteConnection _reading;
    private readonly SqliteEntries _entries;
    private readonly Lock _readLock = new();
    private readonly SqliteConnection _writing;
    private readonly Channel<Write> _writes = Channel.CreateBounded<Write>(new BoundedChannelOptions(BatchMax) { SingleReader = true });
    private readonly Watches _watches = new();
    private readonly DiskReserve _reserve;
    private readonly Task _writer;

    private SqliteStore(SqliteConnection reading, SqliteConnection writing, DiskReserve reserve)
    {
        _reserve = reserve;
        _reading = reading;
        _entries = new SqliteEntries(reading);
        _writing = writing;
        _writer = Task.Run(WriteAllAsync);
    }

    /// <summary>Opens the file, or makes it. Its directory exists.</summary>
    public static Task<SqliteStore> OpenAsync(string path, CancellationToken cancel = default) => Task.Run(() =>
    {
        var writing = Connect(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            SqliteEntries.MakeTables(writing);
            return new SqliteStore(Connect(path, SqliteOpenMode.ReadOnly), writing, new DiskReserve(path + ".reserve"));
        }
        catch
        {
            writing.Dispose();
            throw;
        }
    }, cancel);

    public ValueTask<Entry?> GetAsync(string key, CancellationToken cancel = default)
    {
        lock (_readLock) return new(Read(() => _entries.Get(key)));
    }

    public ValueTask<IReadOnlyList<Entry>> RangeAsync(string prefix, CancellationToken cancel = default)
    {
        lock (_readLock) return new(Read(() => _entries.Range(prefix)));
    }

    public ValueTask<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel = default) =>
        EnqueueAsync(new Write(key, value.ToArray(), Write.Any), cancel);

    public ValueTask<long> CreateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancel = default) =>
        EnqueueAsync(new Write(key, value.ToArray(), Write.Absent), cancel);

    public ValueTask<long> UpdateAsync(string key, ReadOnlyMemory<byte> value, long expectedRevision, CancellationToken cancel = default) =>
        EnqueueAsync(new Write(key, value.ToArray(), expectedRevision), cancel);

    public async ValueTask<bool> DeleteAsync(string key, CancellationToken cancel = default) => await EnqueueAsync(new Write(key, null, Write.Any), cancel) > 0;

    public IAsyncEnumerable<Change> WatchAsync(string prefix, CancellationToken cancel = default) => _watches.Open(prefix, cancel);

    public async ValueTask DisposeAsync()
    {
        _writes.Writer.TryComplete();
        await _writer;
        _watches.Close();
        await _reading.DisposeAsync();
        await _writing.DisposeAsync();
    }

    // A write that was handed over is done whether or not its caller still waits: half of the callers' state would follow one answer, half the other.
    private async ValueTask<long> EnqueueAsync(Write write, CancellationToken cancel)
    {
        await _writes.Writer.WriteAsync(write, cancel);
        return await write.Done.Task;
    }

    private async Task WriteAllAsync()
    {
        var entries = new SqliteEntries(_writing);
        var batch = new List<Write>(BatchMax);
        while (await _writes.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < BatchMax && _writes.Reader.TryRead(out var write)) batch.Add(write);
            Commit(entries, batch);
        }
    }

    private void Commit(SqliteEntries entries, List<Write> batch)
    {
        try
        {
            using var transaction = _writing.BeginTransaction(deferred: false);
            var revision = entries.ReadRevision(transaction);
            foreach (var write in batch) write.Result = entries.Apply(transaction, write, ref revision);
            entries.WriteRevision(transaction, revision);
            transaction.Commit();
        }
        catch (SqliteException full) when (full.SqliteErrorCode == DiskFull && _reserve.Spend())
        {
            Commit(entries, batch);
            return;
        }
        catch (SqliteException error)
        {
            foreach (var write in batch) write.Done.TrySetException(Failed("written", error));
            return;
        }
        _reserve.Refill();
        foreach (var write in batch)
        {
            if (write.Result > 0) _watches.Publish(new Change(write.Key, write.Value, write.Result));
            if (write.Result >= 0) write.Done.TrySetResult(write.Result);
            else write.Done.TrySetException(new RevisionConflictException(write.Key, Math.Max(0, write.Expected)));
        }
    }

    private static T Read<T>(Func<T> read)
    {
        try { return read(); }
        catch (SqliteException error) { throw Failed("read", error); }
    }

    private static EngineException Failed(string what, SqliteException error) => new(ErrorKind.Internal, $"The database cannot be {what}: {error.Message}", error);

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        SqliteLibrary.Use();
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ConnectionString);
        connection.Open();
        // FULL: with a write-ahead log, NORMAL would lose the last commits when the power fails.
        SqliteEntries.Execute(connection, mode == SqliteOpenMode.ReadOnly
            ? "PRAGMA cache_size=-256"
            : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-1024; PRAGMA journal_size_limit=4194304");
        return connection;
    }
}

using Microsoft.Data.Sqlite;

namespace Yun.Store;

/// <summary>A write on its way: a put or a delete (<see cref="Value"/> null) on condition.</summary>
internal sealed class Write(string key, byte[]? value, long expected)
{
    /// <summary>No condition.</summary>
    public const long Any = -1;
    /// <summary>The key must not exist.</summary>
    public const long Absent = -2;

    public string Key { get; } = key;
    public byte[]? Value { get; } = value;
    public long Expected { get; } = expected;
    /// <summary>The revision written; 0 when there was nothing to delete; -1 when the condition did not hold.</summary>
    public long Result { get; set; }
    public TaskCompletionSource<long> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The store's two tables, and its statements on one connection, prepared once. Not for use by two threads at a time.</summary>
internal sealed class SqliteEntries(SqliteConnection connection)
{
    private readonly SqliteCommand _get = Prepare(connection, "SELECT key, value, revision FROM entries WHERE key = $key");
    private readonly SqliteCommand _range = Prepare(connection, "SELECT key, value, revision FROM entries WHERE key >= $key AND key < $end ORDER BY key");
    private readonly SqliteCommand _put = Prepare(connection, "INSERT OR REPLACE INTO entries (key, value, revision) VALUES ($key, $value, $revision)");
    private readonly SqliteCommand _delete = Prepare(connection, "DELETE FROM entries WHERE key = $key");
    private readonly SqliteCommand _readRevision = Prepare(connection, "SELECT revision FROM latest");
    private readonly SqliteCommand _writeRevision = Prepare(connection, "UPDATE latest SET revision = $revision");

    public static void MakeTables(SqliteConnection connection) => Execute(connection, """
        CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS latest (revision INTEGER NOT NULL);
        INSERT INTO latest SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM latest);
        """);

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public Entry? Get(string key)
    {
        _get.Parameters[0].Value = key;
        using var rows = _get.ExecuteReader();
        return rows.Read() ? Read(rows) : null;
    }

    public List<Entry> Range(string prefix)
    {
        _range.Parameters[0].Value = prefix;
        // U+10FFFF is above every character a key has, and BINARY collation compares UTF-8 bytes, whose order is that of the code points.
        _range.Parameters[1].Value = prefix + "\U0010FFFF";
        using var rows = _range.ExecuteReader();
        var entries = new List<Entry>();
        while (rows.Read()) entries.Add(Read(rows));
        return entries;
    }

    public long ReadRevision(SqliteTransaction transaction)
    {
        _readRevision.Transaction = transaction;
        return (long)_readRevision.ExecuteScalar()!;
    }

    public void WriteRevision(SqliteTransaction transaction, long revision)
    {
        _writeRevision.Transaction = transaction;
        _writeRevision.Parameters[0].Value = revision;
        _writeRevision.ExecuteNonQuery();
    }

    /// <summary>Does the write if its condition holds; see <see cref="Write.Result"/> for what comes back.</summary>
    public long Apply(SqliteTransaction transaction, Write write, ref long revision)
    {
        if (write.Expected != Write.Any)
        {
            _get.Transaction = transaction;
            var found = Get(write.Key)?.Revision ?? Write.Absent;
            if (found != write.Expected) return -1;
        }
        if (write.Value is null)
        {
            _delete.Transaction = transaction;
            _delete.Parameters[0].Value = write.Key;
            return _delete.ExecuteNonQuery() > 0 ? ++revision : 0;
        }
        _put.Transaction = transaction;
        _put.Parameters[0].Value = write.Key;
        _put.Parameters[1].Value = write.Value;
        _put.Parameters[2].Value = ++revision;
        _put.ExecuteNonQuery();
        return revision;
    }

    private static Entry Read(SqliteDataReader row) => new(row.GetString(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2));

    private static SqliteCommand Prepare(SqliteConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in (string[])["$key", "$end", "$value", "$revision"])
            if (sql.Contains(name, StringComparison.Ordinal)) command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }
}

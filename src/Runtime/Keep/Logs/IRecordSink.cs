namespace Yun.Runtime.Keep.Logs;

/// <summary>Where encoded log lines go.</summary>
internal interface IRecordSink
{
    /// <param name="records">Whole ones, each ending with its newline.</param>
    void Write(ReadOnlySpan<byte> records);

    /// <summary>Returns when all that was written is in the file.</summary>
    void Flush();

    /// <summary>Empties the log and removes what was rotated.</summary>
    void Clear();

    /// <summary>Writes what is still waiting, closes, and then calls <paramref name="done"/>, on any thread.</summary>
    void Close(Action done);
}

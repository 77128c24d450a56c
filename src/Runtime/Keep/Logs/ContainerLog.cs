using Yun.Protocol;

namespace Yun.Runtime.Keep.Logs;

/// <summary>One process's log: its streams become lines, and lines records.</summary>
internal sealed class ContainerLog
{
    // Many short lines of one read make more than can be kept at hand.
    private const int WriteBytes = 256 << 10;

    private readonly IRecordSink _sink;
    private readonly RecordBuffer _records;
    private readonly byte[] _attributes;

    public ContainerLog(KeeperLog settings, RecordBuffer records)
    {
        _sink = settings.NonBlocking ? new RingLog(settings) : new LogFile(settings);
        _records = records;
        _attributes = RecordBuffer.Encode(settings.Attributes);
    }

    /// <param name="unfinished">What a former version of this program had of a line; null begins anew.</param>
    public LineSplitter Stream(ReadOnlySpan<byte> name, UnfinishedLine? unfinished = null) => new(name.ToArray(), _attributes, unfinished);

    public void Write(LineSplitter stream, ReadOnlySpan<byte> output, in Timestamp now)
    {
        const int atOnce = 8 << 10;
        for (; !output.IsEmpty; output = output[Math.Min(atOnce, output.Length)..])
        {
            stream.Take(output[..Math.Min(atOnce, output.Length)], now, _records);
            if (_records.Count > WriteBytes) WriteOut();
        }
        WriteOut();
    }

    public void End(LineSplitter stream, in Timestamp now)
    {
        stream.End(now, _records);
        WriteOut();
    }

    public void Flush() => _sink.Flush();

    public void Clear() => _sink.Clear();

    /// <param name="done">Called when all is in the file, on any thread.</param>
    public void Close(Action done) => _sink.Close(done);

    private void WriteOut()
    {
        if (_records.Count > 0) _sink.Write(_records.Written);
        _records.Clear();
    }
}

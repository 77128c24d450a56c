using Yun.Protocol;

namespace Yun.Runtime.Keep.Logs;

/// <summary>The log of a container that is never to wait for its disk (mode=non-blocking): what exceeds the buffer is lost.</summary>
internal sealed class RingLog : IRecordSink
{
    private readonly LogFile _file;
    private readonly Lock _fileLock = new();
    private readonly object _changed = new();
    private readonly int _bytesMax;
    private byte[] _filling = [], _writing = [];
    private int _count;
    private Action? _done;

    public RingLog(KeeperLog settings)
    {
        _file = new LogFile(settings);
        _bytesMax = (int)Math.Clamp(settings.BufferBytesMax, 1, 1 << 30);
        new Thread(WriteOut, 128 << 10) { IsBackground = true, Name = "log" }.Start();
    }

    public void Write(ReadOnlySpan<byte> records)
    {
        lock (_changed)
        {
            // Whole records as long as there is room; into an empty buffer the first goes whatever its size.
            var room = _bytesMax - _count;
            if (records.Length > room)
            {
                var fits = room > 0 ? records[..room].LastIndexOf((byte)'\n') + 1 : 0;
                if (fits == 0 && _count == 0) fits = records.IndexOf((byte)'\n') + 1;
                records = records[..fits];
            }
            if (_filling.Length - _count < records.Length)
                Array.Resize(ref _filling, Math.Max(_count + records.Length, Math.Min(_bytesMax, _filling.Length * 2)));
            records.CopyTo(_filling.AsSpan(_count));
            _count += records.Length;
            Monitor.Pulse(_changed);
        }
    }

    public void Flush()
    {
        lock (_fileLock) WriteWaiting();
    }

    public void Clear()
    {
        lock (_changed) _count = 0;
        lock (_fileLock) _file.Clear();
    }

    public void Close(Action done)
    {
        lock (_changed)
        {
            _done = done;
            Monitor.Pulse(_changed);
        }
    }

    private void WriteOut()
    {
        while (true)
        {
            lock (_changed)
                while (_count == 0 && _done is null) Monitor.Wait(_changed);
            lock (_fileLock)
            {
                if (WriteWaiting() is not { } done) continue;
                _file.Close(done);
                return;
            }
        }
    }

    // Called with the file's lock, so that nothing overtakes what was taken out of the buffer before.
    private Action? WriteWaiting()
    {
        int count;
        Action? done;
        lock (_changed) (_filling, _writing, count, _count, done) = (_writing, _filling, _count, 0, _done);
        _file.Write(_writing.AsSpan(0, count));
        return done;
    }
}

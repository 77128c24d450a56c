namespace Yun.Archives;

/// <summary>
/// Reads a source ahead of its reader: one stage of a pipeline. <paramref name="observe"/> sees every block in order on the stage's own thread,
/// so that hashing and saving run beside what the reader does.
/// </summary>
internal sealed class ReadAheadStream : BlockStream
{
    private readonly Stream _source;
    private readonly Action<ReadOnlyMemory<byte>>? _observe;

    /// <param name="blocking">The source only reads synchronously, or computes: it gets a thread rather than a task of the pool.</param>
    public ReadAheadStream(Stream source, Action<ReadOnlyMemory<byte>>? observe, bool blocking, CancellationToken cancel) : base(cancel)
    {
        (_source, _observe) = (source, observe);
        if (blocking) Start(Pump);
        else StartAsync(PumpAsync);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _source.Dispose();
    }

    private void Pump()
    {
        while (true)
        {
            var block = Rent();
            var length = 0;
            try { length = _source.ReadAtLeast(block.AsSpan(0, BlockSize), BlockSize, throwOnEndOfStream: false); }
            finally { if (length == 0) Return(block); }
            if (length == 0) return;
            _observe?.Invoke(block.AsMemory(0, length));
            Give(block, length);
        }
    }

    private async Task PumpAsync()
    {
        while (true)
        {
            var block = await RentAsync();
            var length = 0;
            try
            {
                for (int read; length < BlockSize && (read = await _source.ReadAsync(block.AsMemory(length, BlockSize - length), Stop)) > 0;) length += read;
            }
            catch
            {
                // What came before a download broke off is worth saving.
                if (length > 0) _observe?.Invoke(block.AsMemory(0, length));
                Return(block);
                throw;
            }
            if (length == 0)
            {
                Return(block);
                return;
            }
            _observe?.Invoke(block.AsMemory(0, length));
            Give(block, length);
        }
    }
}

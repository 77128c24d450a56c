using System.Buffers;
using System.Runtime.ExceptionServices;

namespace Yun.Archives;

/// <summary>
/// What another thread makes, read as a stream: blocks go from that thread to the reader, a few ahead and no more, so that memory is bounded and both work at once.
/// The reader may be synchronous or not, whatever the maker is.
/// </summary>
internal abstract class BlockStream : Stream
{
    protected const int BlockSize = 256 * 1024;
    private const int BlocksMax = 8;

    private readonly CancellationTokenSource _stop;
    private readonly SemaphoreSlim _free = new(BlocksMax), _filled = new(0);
    private readonly Queue<Block> _blocks = new();
    private readonly Lock _lock = new();
    private Task _maker = Task.CompletedTask;
    private Block _current;
    private int _taken;
    private bool _ended, _disposed;

    protected BlockStream(CancellationToken cancel)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Stop = _stop.Token;
    }

    /// <summary>Length 0 is the end, by an error if there is one.</summary>
    private readonly record struct Block(byte[]? Bytes, int Length, Exception? Error);

    /// <summary>The reader has gone, or the whole is cancelled.</summary>
    protected CancellationToken Stop { get; }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (_taken == _current.Length)
        {
            if (_ended) return End();
            Release();
            _filled.Wait(CancellationToken.None);
            Next();
        }
        return Copy(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        while (_taken == _current.Length)
        {
            if (_ended) return End();
            Release();
            await _filled.WaitAsync(cancellationToken);
            Next();
        }
        return Copy(buffer.Span);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Starts the maker on a thread of its own; how it ends is how the stream ends.</summary>
    protected void Start(Action make) => _maker = Task.Factory.StartNew(() => Ended(make), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>As <see cref="Start"/>, for a maker that waits more than it works.</summary>
    protected void StartAsync(Func<Task> make) => _maker = Task.Run(() => EndedAsync(make), CancellationToken.None);

    /// <summary>A block to fill, once the reader has left room for it. Either given on or given back.</summary>
    protected byte[] Rent()
    {
        _free.Wait(Stop);
        return ArrayPool<byte>.Shared.Rent(BlockSize);
    }

    protected async Task<byte[]> RentAsync()
    {
        await _free.WaitAsync(Stop);
        return ArrayPool<byte>.Shared.Rent(BlockSize);
    }

    protected static void Return(byte[] block) => ArrayPool<byte>.Shared.Return(block);

    protected void Give(byte[] block, int length) => Enqueue(new Block(block, length, null));

    protected override void Dispose(bool disposing)
    {
        // A stream over this one may have disposed of it already.
        if (disposing && !_disposed)
        {
            _disposed = true;
            _stop.Cancel();
            _maker.Wait(CancellationToken.None);
            Release();
            foreach (var block in _blocks)
                if (block.Bytes is not null) Return(block.Bytes);
            _blocks.Clear();
            _stop.Dispose();
            _free.Dispose();
            _filled.Dispose();
        }
        base.Dispose(disposing);
    }

    private int End()
    {
        if (_current.Error is { } error) ExceptionDispatchInfo.Throw(error);
        return 0;
    }

    private int Copy(Span<byte> buffer)
    {
        var length = Math.Min(buffer.Length, _current.Length - _taken);
        _current.Bytes.AsSpan(_taken, length).CopyTo(buffer);
        _taken += length;
        return length;
    }

    private void Next()
    {
        lock (_lock) _current = _blocks.Dequeue();
        _ended = _current.Length == 0;
    }

    private void Release()
    {
        if (_current.Bytes is null) return;
        Return(_current.Bytes);
        (_current, _taken) = (default, 0);
        _free.Release();
    }

    private void Enqueue(Block block)
    {
        lock (_lock) _blocks.Enqueue(block);
        _filled.Release();
    }

    private void Ended(Action make)
    {
        Exception? error = null;
        try { make(); }
        catch (Exception failure) { error = failure; }
        Enqueue(new Block(null, 0, error));
    }

    private async Task EndedAsync(Func<Task> make)
    {
        Exception? error = null;
        try { await make(); }
        catch (Exception failure) { error = failure; }
        Enqueue(new Block(null, 0, error));
    }
}

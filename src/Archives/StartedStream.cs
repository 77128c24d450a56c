namespace Yun.Archives;

/// <summary>A stream whose first bytes were already taken to look at.</summary>
internal sealed class StartedStream(ReadOnlyMemory<byte> start, Stream rest, bool leaveOpen) : Stream
{
    private ReadOnlyMemory<byte> _start = start;

    public static (ReadOnlyMemory<byte> Start, Stream Whole) Peek(Stream source, int length, bool leaveOpen = false)
    {
        var start = new byte[length];
        var read = source.ReadAtLeast(start, length, throwOnEndOfStream: false);
        return (start.AsMemory(0, read), new StartedStream(start.AsMemory(0, read), source, leaveOpen));
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        if (_start.IsEmpty) return rest.Read(buffer);
        var length = Math.Min(buffer.Length, _start.Length);
        _start.Span[..length].CopyTo(buffer);
        _start = _start[length..];
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _start.IsEmpty ? await rest.ReadAsync(buffer, cancellationToken) : Read(buffer.Span);

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !leaveOpen) rest.Dispose();
        base.Dispose(disposing);
    }
}

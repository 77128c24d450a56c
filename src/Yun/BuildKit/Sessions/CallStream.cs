using Google.Protobuf;
using Grpc.Core;
using Yun.BuildKit.Protos;

namespace Yun.BuildKit;

/// <summary>A call that carries bytes both ways, as a stream. Disposing of it ends the call.</summary>
internal sealed class CallStream(AsyncDuplexStreamingCall<BytesMessage, BytesMessage> call) : Stream
{
    // Receivers take messages of up to 4 MB; this leaves room for others on the connection.
    private const int PartBytesMax = 256 * 1024;

    private ReadOnlyMemory<byte> _left;
    private bool _disposed;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_left.IsEmpty && !_disposed)
        {
            if (!await call.ResponseStream.MoveNext(cancellationToken)) return 0;
            _left = call.ResponseStream.Current.Data.Memory;
        }
        var length = Math.Min(buffer.Length, _left.Length);
        _left[..length].CopyTo(buffer);
        _left = _left[length..];
        return length;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (; !buffer.IsEmpty; buffer = buffer[Math.Min(buffer.Length, PartBytesMax)..])
            await call.RequestStream.WriteAsync(new BytesMessage { Data = ByteString.CopyFrom(buffer[..Math.Min(buffer.Length, PartBytesMax)].Span) }, cancellationToken);
    }

    /// <summary>Says that nothing more will be written, and waits until the other side has taken it all.</summary>
    public async Task CompleteAsync(CancellationToken cancel)
    {
        await call.RequestStream.CompleteAsync();
        while (await call.ResponseStream.MoveNext(cancel)) { }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        if (disposing) call.Dispose();
        base.Dispose(disposing);
    }
}

using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Yun.Node.Keeper;

/// <summary>
/// A client's end of a process's streams. Reading gives Docker's stream of 8-byte headed frames, or the terminal's raw bytes, until the process has
/// ended and all of its output was read; writing goes to standard input. Disposing it detaches.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1710", Justification = "It is an attachment that happens to be read and written as a stream.")]
public sealed class KeptAttachment : Stream
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    internal KeptAttachment(SafeFileHandle end)
    {
        _socket = new Socket(new SafeSocketHandle(end.DangerousGetHandle(), ownsHandle: true));
        end.SetHandleAsInvalid();
        _stream = new NetworkStream(_socket, ownsSocket: true);
    }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The client's standard input has ended; its output goes on where the process's input ends with it, else it is detached, as Docker does.</summary>
    public void CloseWrite()
    {
        try { _socket.Shutdown(SocketShutdown.Send); }
        catch (SocketException) { /* The other end is gone already: there is no input to end. */ }
        catch (ObjectDisposedException) { }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override int Read(Span<byte> buffer) => _stream.Read(buffer);
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _stream.ReadAsync(buffer, cancellationToken);
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override void Write(ReadOnlySpan<byte> buffer) => _stream.Write(buffer);
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _stream.WriteAsync(buffer, cancellationToken);
    public override void Flush() { }
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _stream.Dispose();
        base.Dispose(disposing);
    }
}

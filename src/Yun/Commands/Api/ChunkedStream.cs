using System.Globalization;
using System.Text;

namespace Yun.Commands.Api;

/// <summary>A request's body of unknown length, written in chunks.</summary>
internal sealed class ChunkedStream(ApiConnection connection) : Stream
{
    private readonly byte[] _chunk = new byte[64 * 1024];
    private int _filled;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var count = Math.Min(buffer.Length, _chunk.Length - _filled);
            buffer[..count].CopyTo(_chunk.AsSpan(_filled));
            _filled += count;
            buffer = buffer[count..];
            if (_filled == _chunk.Length) Flush();
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
        if (_filled == 0) return;
        connection.Send(Encoding.ASCII.GetBytes(_filled.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
        connection.Send(_chunk.AsSpan(0, _filled));
        connection.Send("\r\n"u8);
        _filled = 0;
    }

    /// <summary>Says that the body is whole; without it the daemon must drop what it has.</summary>
    public void Finish()
    {
        Flush();
        connection.Send("0\r\n\r\n"u8);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}

using System.Globalization;

namespace Yun.Commands.Api;

/// <summary>A response's body, framed by its length, by chunks or by the end of the connection. The connection is given back when it was read to the end.</summary>
internal sealed class ApiBody : Stream
{
    private enum Framing { Length, Chunks, UntilClosed }

    private readonly ApiConnection _connection;
    private readonly Action<ApiConnection> _giveBack;
    private readonly Framing _framing;
    private long _left;
    private bool _firstChunk = true, _ended;

    public ApiBody(ApiConnection connection, bool hasBody, IReadOnlyDictionary<string, string> headers, Action<ApiConnection> giveBack)
    {
        (_connection, _giveBack) = (connection, giveBack);
        if (!hasBody) (_framing, _left) = (Framing.Length, 0);
        else if (headers.TryGetValue("Transfer-Encoding", out var coding) && coding.Contains("chunked", StringComparison.OrdinalIgnoreCase)) _framing = Framing.Chunks;
        else if (headers.TryGetValue("Content-Length", out var length)) (_framing, _left) = (Framing.Length, long.Parse(length, CultureInfo.InvariantCulture));
        else (_framing, connection.CanBeUsedAgain) = (Framing.UntilClosed, false);
        if (_framing == Framing.Length && _left == 0) End();
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        if (_ended || buffer.Length == 0) return 0;
        if (_framing == Framing.Chunks && _left == 0 && !NextChunk()) return 0;
        var wanted = _framing == Framing.UntilClosed ? buffer : buffer[..(int)Math.Min(buffer.Length, _left)];
        var count = _connection.Read(wanted);
        if (count == 0)
        {
            _connection.CanBeUsedAgain = false;
            _ended = true;
            return _framing == Framing.UntilClosed ? 0 : throw new ConnectException("unexpected EOF");
        }
        if (_framing == Framing.UntilClosed) return count;
        _left -= count;
        if (_left == 0 && _framing == Framing.Length) End();
        return count;
    }

    private bool NextChunk()
    {
        if (!_firstChunk) _connection.ReadLine();
        _firstChunk = false;
        var size = _connection.ReadLine();
        var semicolon = size.IndexOf(';', StringComparison.Ordinal);
        _left = long.Parse(semicolon < 0 ? size : size[..semicolon], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (_left > 0) return true;
        while (_connection.ReadLine().Length > 0) { }
        End();
        return false;
    }

    private void End()
    {
        _ended = true;
        _giveBack(_connection);
    }

    protected override void Dispose(bool disposing)
    {
        // What was not read to the end cannot be asked anything else; closing tells the daemon to stop.
        if (disposing && !_ended) _connection.Dispose();
        _ended = true;
        base.Dispose(disposing);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

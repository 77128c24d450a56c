using System.Net.Sockets;
using System.Text;

namespace Yun.Commands.Api;

/// <summary>
/// One connection that speaks HTTP/1.1 by blocking calls. A client command does one thing at a time, so it needs neither the framework's HTTP
/// stack nor a thread pool, and starts in a millisecond; and a hijacked stream is simply what is left of the connection.
/// </summary>
internal sealed class ApiConnection(Socket socket) : IDisposable
{
    private const int BufferSize = 64 * 1024;
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _start, _end;

    /// <summary>False once the other side said, or the framing implies, that nothing more can be asked on it.</summary>
    public bool CanBeUsedAgain { get; set; } = true;

    /// <summary>True when the daemon closed it while it lay idle, so that a request would be lost.</summary>
    public bool IsStale => socket.Poll(0, SelectMode.SelectRead);

    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0) bytes = bytes[socket.Send(bytes)..];
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            throw new ConnectException($"the connection to the daemon broke: {error.Message}", error);
        }
    }

    public void SendHead(string method, string path, IEnumerable<KeyValuePair<string, string>> headers)
    {
        var head = new StringBuilder(512).Append(method).Append(' ').Append(path).Append(" HTTP/1.1\r\nHost: yun\r\n");
        foreach (var (name, value) in headers) head.Append(name).Append(": ").Append(value).Append("\r\n");
        Send(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
    }

    public (int Status, Dictionary<string, string> Headers) ReadHead()
    {
        while (true)
        {
            var line = ReadLine();
            if (!line.StartsWith("HTTP/1.", StringComparison.Ordinal) || line.Length < 12 || !int.TryParse(line.AsSpan(9, 3), out var status))
            {
                throw new ConnectException($"the daemon answered something other than HTTP: {line}");
            }
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (ReadLine() is { Length: > 0 } header)
            {
                var colon = header.IndexOf(':', StringComparison.Ordinal);
                if (colon > 0) headers[header[..colon]] = header[(colon + 1)..].Trim();
            }
            if (status is not (100 or 102 or 103)) return (status, headers);
        }
    }

    public int Read(Span<byte> bytes)
    {
        if (_start < _end)
        {
            var count = Math.Min(bytes.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(bytes);
            _start += count;
            return count;
        }
        return Receive(bytes);
    }

    public string ReadLine()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end)
            {
                (_start, _end) = (0, Receive(_buffer));
                if (_end == 0) throw new ConnectException("the daemon closed the connection before it answered");
            }
            var rest = _buffer.AsSpan(_start, _end - _start);
            var newline = rest.IndexOf((byte)'\n');
            line.Append(Encoding.UTF8.GetString(newline < 0 ? rest : rest[..newline]));
            _start += newline < 0 ? rest.Length : newline + 1;
            if (newline >= 0) return line.ToString().TrimEnd('\r');
        }
    }

    private int Receive(Span<byte> bytes)
    {
        try
        {
            return socket.Receive(bytes);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            throw new ConnectException($"the connection to the daemon broke: {error.Message}", error);
        }
    }

    public void CloseWrite()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The other side was quicker; what it said last can still be read.
        }
    }

    public void Dispose() => socket.Dispose();
}

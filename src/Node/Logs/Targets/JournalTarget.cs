using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Yun.Node.Logs.Targets;

/// <summary>The systemd journal by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), with the fields of Docker's driver.</summary>
internal sealed class JournalTarget : ILogTarget
{
    internal const string SocketPath = "/run/systemd/journal/socket";

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] _source;
    private readonly List<byte> _datagram = [];

    /// <exception cref="IOException">There is no journal.</exception>
    internal JournalTarget(LogSource source)
    {
        var fields = new List<byte>();
        foreach (var (name, value) in Fields(source)) Append(fields, name, Encoding.UTF8.GetBytes(value));
        _source = [.. fields];
        try { _socket.Connect(new UnixDomainSocketEndPoint(SocketPath)); }
        catch (SocketException error)
        {
            _socket.Dispose();
            throw new IOException($"journald is not enabled on this host: {SocketPath}: {error.Message}", error);
        }
    }

    public async ValueTask SendAsync(LogEntry entry, CancellationToken cancel)
    {
        _datagram.Clear();
        var text = entry.Text.Span;
        var isWhole = text.EndsWith("\n"u8);
        Append(_datagram, "MESSAGE", isWhole ? text[..^1] : text);
        Append(_datagram, "PRIORITY", entry.IsError ? "3"u8 : "6"u8);
        Append(_datagram, "SYSLOG_TIMESTAMP", Encoding.ASCII.GetBytes(entry.Time.ToString()));
        if (!isWhole) Append(_datagram, "CONTAINER_PARTIAL_MESSAGE", "true"u8);
        _datagram.AddRange(_source);
        try { await _socket.SendAsync(_datagram.ToArray(), SocketFlags.None, cancel); }
        catch (SocketException error) { throw new IOException($"The journal does not take records: {error.Message}", error); }
    }

    public void Dispose() => _socket.Dispose();

    private static IEnumerable<(string Name, string Value)> Fields(LogSource source)
    {
        yield return ("CONTAINER_ID", source.Id[..12]);
        yield return ("CONTAINER_ID_FULL", source.Id);
        yield return ("CONTAINER_NAME", source.Name);
        yield return ("CONTAINER_TAG", source.Tag);
        yield return ("IMAGE_NAME", source.Image);
        yield return ("SYSLOG_IDENTIFIER", source.Tag);
        foreach (var (name, value) in source.Attributes)
            if (FieldName(name) is { Length: > 0 } field) yield return (field, value);
    }

    // Capitals, digits and underscores; what begins with an underscore the journal keeps for itself.
    private static string FieldName(string name) => string.Concat(name.ToUpperInvariant().Select(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) ? c : '_')).TrimStart('_');

    // The form with a length takes any bytes, also ends of lines.
    private static void Append(List<byte> datagram, string name, ReadOnlySpan<byte> value)
    {
        datagram.AddRange(Encoding.ASCII.GetBytes(name));
        datagram.Add((byte)'\n');
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, value.Length);
        datagram.AddRange(length);
        datagram.AddRange(value);
        datagram.Add((byte)'\n');
    }
}

namespace Yun.Protocol;

/// <summary>Takes frames out of the bytes of a stream, which arrive in any portions.</summary>
public sealed class KeeperFrameReader
{
    private byte[] _buffer = new byte[4096];
    private int _start, _end;

    /// <summary>Where to receive into; then say how much with <see cref="Received"/>.</summary>
    public Span<byte> Free()
    {
        if (_start == _end)
            _start = _end = 0;
        var wanted = Math.Max(_end - _start + 4096, FrameBytes ?? 0);
        if (_buffer.Length - _start < wanted)
        {
            var larger = wanted > _buffer.Length ? new byte[Math.Max(wanted, _buffer.Length * 2)] : _buffer;
            _buffer.AsSpan(_start.._end).CopyTo(larger);
            (_buffer, _start, _end) = (larger, 0, _end - _start);
        }
        return _buffer.AsSpan(_end);
    }

    public void Received(int count) => _end += count;

    /// <summary>The next whole frame, if it is there; its bytes are valid until <see cref="Free"/> is called again.</summary>
    /// <exception cref="InvalidDataException">The peer does not speak this protocol.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> json, out ReadOnlyMemory<byte> payload)
    {
        (json, payload) = (default, default);
        if (FrameBytes is not { } frame || _end - _start < frame)
            return false;
        var (jsonBytes, payloadBytes) = KeeperProtocol.ReadHeader(_buffer.AsSpan(_start));
        json = _buffer.AsMemory(_start + KeeperProtocol.HeaderBytes, jsonBytes);
        payload = _buffer.AsMemory(_start + KeeperProtocol.HeaderBytes + jsonBytes, payloadBytes);
        _start += frame;
        return true;
    }

    /// <summary>Lets a buffer go that one large frame made large.</summary>
    public void Trim()
    {
        if (_start == _end && _buffer.Length > 64 << 10)
            (_buffer, _start, _end) = (new byte[4096], 0, 0);
    }

    private int? FrameBytes
    {
        get
        {
            if (_end - _start < KeeperProtocol.HeaderBytes)
                return null;
            var (json, payload) = KeeperProtocol.ReadHeader(_buffer.AsSpan(_start));
            return json >= 0 ? KeeperProtocol.HeaderBytes + json + payload : throw new InvalidDataException("The other end does not speak the keeper's protocol.");
        }
    }
}

public static class KeeperFrame
{
    /// <summary>A whole frame, ready to be sent.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> json, ReadOnlySpan<byte> payload = default)
    {
        var frame = new byte[KeeperProtocol.HeaderBytes + json.Length + payload.Length];
        KeeperProtocol.WriteHeader(frame, json.Length, payload.Length);
        json.CopyTo(frame.AsSpan(KeeperProtocol.HeaderBytes));
        payload.CopyTo(frame.AsSpan(KeeperProtocol.HeaderBytes + json.Length));
        return frame;
    }
}

using System.Buffers.Binary;

namespace Yun.Runtime.Keep;

/// <summary>
/// What was read last, with room before it for the 8 bytes that head a frame of Docker's stream (kind, three zeros, length in network order): one
/// buffer serves all processes, and its frame is sent as it lies there.
/// </summary>
internal sealed class OutputBuffer
{
    private const int HeaderBytes = 8, DataBytes = 64 << 10;

    private readonly byte[] _bytes = new byte[HeaderBytes + DataBytes];

    public Span<byte> Data => _bytes.AsSpan(HeaderBytes);

    /// <summary>What an attached client gets: a terminal's output has no frames.</summary>
    public ReadOnlySpan<byte> Frame(OutputKind kind, int count)
    {
        if (kind == OutputKind.Terminal) return _bytes.AsSpan(HeaderBytes, count);
        _bytes[0] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(4), count);
        return _bytes.AsSpan(0, HeaderBytes + count);
    }
}

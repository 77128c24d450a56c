using System.Buffers.Binary;

namespace Yun.Commands.Streams;

/// <summary>Carries a container's outputs to our own.</summary>
public static class StreamCopy
{
    private const int BufferSize = 32 * 1024;
    private const int HeaderSize = 8;

    public delegate int Reader(Span<byte> buffer);

    /// <summary>As they come, for a terminal.</summary>
    public static void Raw(Reader read, Stream output)
    {
        var buffer = new byte[BufferSize];
        while (read(buffer) is > 0 and var count) output.Write(buffer, 0, count);
    }

    /// <summary>
    /// Apart, from Docker's frames: one byte says which stream, three are zero, four are the length (big-endian), then the bytes.
    /// </summary>
    public static void Demultiplex(Reader read, Stream output, Stream error)
    {
        var buffer = new byte[BufferSize];
        while (Fill(read, buffer.AsSpan(0, HeaderSize)))
        {
            var left = BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(4));
            var target = buffer[0] switch
            {
                0 or 1 => output,
                2 => error,
                3 => null,
                var kind => throw new FailureException($"unrecognized input header: {kind}"),
            };
            using var systemError = target is null ? new MemoryStream() : null;
            while (left > 0)
            {
                var count = read(buffer.AsSpan(0, (int)Math.Min(left, BufferSize)));
                if (count == 0) throw new FailureException("unexpected EOF");
                (target ?? systemError!).Write(buffer, 0, count);
                left -= (uint)count;
            }
            if (systemError is not null) throw new FailureException($"error from daemon in stream: {System.Text.Encoding.UTF8.GetString(systemError.ToArray())}");
        }
    }

    private static bool Fill(Reader read, Span<byte> bytes)
    {
        for (var filled = 0; filled < bytes.Length;)
        {
            var count = read(bytes[filled..]);
            if (count == 0) return false;
            filled += count;
        }
        return true;
    }
}

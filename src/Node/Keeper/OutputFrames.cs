using System.Buffers.Binary;

namespace Yun.Node.Keeper;

/// <summary>The stream of a process without a terminal, as the keeper and Docker's attach give it: frames of one byte for the stream, three zeros, a length, and bytes.</summary>
internal static class OutputFrames
{
    private const int HeaderBytes = 8, StandardError = 2;

    /// <summary>Reads until the process has ended and all it wrote has come.</summary>
    /// <param name="take">Gets the bytes, good until it returns, and whether they were written to standard error.</param>
    public static async Task ReadAsync(Stream output, Func<ReadOnlyMemory<byte>, bool, ValueTask> take, CancellationToken cancel)
    {
        var header = new byte[HeaderBytes];
        var buffer = new byte[4096];
        while (await output.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancel) == HeaderBytes)
        {
            for (var left = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)); left > 0;)
            {
                var read = await output.ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)), cancel);
                if (read == 0) return;
                await take(buffer.AsMemory(0, read), header[0] == StandardError);
                left -= read;
            }
        }
    }
}

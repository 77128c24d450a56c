using System.IO.Pipelines;
using Yun.Node.Logs;

namespace Yun.DockerApi.Streams;

/// <summary>Sends a log to a client as fast as it takes it.</summary>
internal static class LogStream
{
    private const int UnsentBytesMax = 64 << 10;

    /// <summary>Ends with the log, or when the client is gone. The reader is disposed of.</summary>
    public static async Task WriteAsync(LogReader log, LogText text, PipeWriter output, CancellationToken cancel)
    {
        using (log)
        {
            while (await log.WaitToReadAsync(cancel))
            {
                while (log.TryRead(out var entry))
                {
                    text.Write(output, entry);
                    if (output.UnflushedBytes > UnsentBytesMax && (await output.FlushAsync(cancel)).IsCompleted) return;
                }
                if ((await output.FlushAsync(cancel)).IsCompleted) return;
            }
        }
    }
}

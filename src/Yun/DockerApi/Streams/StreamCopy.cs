using System.Buffers;
using System.IO.Pipelines;
using Yun.Node.Containers;
using Yun.Node.Keeper;

namespace Yun.DockerApi.Streams;

internal enum StreamEnd { ProcessEnded, ClientGone, Detached }

/// <summary>
/// Carries bytes between a client and a process until one of them is through. Neither side is read faster than the other takes it, so nothing piles up
/// here; an idle pair holds no buffer.
/// </summary>
internal static class StreamCopy
{
    private const int BlockBytes = 32 << 10;

    /// <param name="keys">Leave the process when they are typed; null when its input is no terminal.</param>
    public static async Task<StreamEnd> RunAsync(HijackedConnection client, KeptAttachment process, DetachKeys? keys)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(client.Ended);
        var input = CopyInputAsync(client.Input, process, keys, over.Token);
        var output = CopyOutputAsync(process, client.Output, over.Token);
        // The end of the input is not the end: its output goes on.
        if (await Task.WhenAny(input, output) == input && !await input) await output;
        await over.CancelAsync();
        var detached = await input;
        var processEnded = await output;
        return detached ? StreamEnd.Detached : processEnded ? StreamEnd.ProcessEnded : StreamEnd.ClientGone;
    }

    // True when the process has no more output; false when the client took no more.
    private static async Task<bool> CopyOutputAsync(KeptAttachment process, PipeWriter output, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                // Waits without a buffer.
                _ = await process.ReadAsync(Memory<byte>.Empty, cancel);
                var count = await process.ReadAsync(output.GetMemory(BlockBytes), cancel);
                if (count == 0) return true;
                output.Advance(count);
                if ((await output.FlushAsync(cancel)).IsCompleted) return false;
            }
        }
        catch (OperationCanceledException) { return false; }
        // The keeper is gone, and with it the stream's other end.
        catch (IOException) { return true; }
    }

    // True when the client has typed the keys that leave.
    private static async Task<bool> CopyInputAsync(PipeReader input, KeptAttachment process, DetachKeys? keys, CancellationToken cancel)
    {
        var typed = keys is null ? null : new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(cancel);
                var detached = false;
                foreach (var segment in read.Buffer)
                {
                    if (keys is null) await process.WriteAsync(segment, cancel);
                    else if (!detached)
                    {
                        typed!.ResetWrittenCount();
                        detached = keys.Scan(segment.Span, typed);
                        await process.WriteAsync(typed.WrittenMemory, cancel);
                    }
                }
                input.AdvanceTo(read.Buffer.End);
                if (detached) return true;
                if (!read.IsCompleted) continue;
                process.CloseWrite();
                return false;
            }
        }
        catch (OperationCanceledException) { return false; }
        // The process takes no more input; what it still writes is wanted all the same. A connection that was reset ends the same way.
        catch (IOException) { return false; }
    }
}

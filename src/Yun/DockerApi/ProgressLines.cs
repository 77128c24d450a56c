using System.Text.Json;
using System.Threading.Channels;
using Yun.DockerApi.Model;
using Yun.Images;
using Yun.Node.Builds;

namespace Yun.DockerApi;

/// <summary>
/// A long operation's progress as JSON lines. What is reported from any thread goes out in order; when the client reads slowly, the oldest steps of a bar
/// make room for newer ones. A failure after the first line is a line too, for the status has gone out.
/// </summary>
internal sealed class ProgressLines : IProgress<TransferProgress>
{
    private readonly Channel<ProgressMessage> _lines = Channel.CreateUnbounded<ProgressMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, long> _shown = [];
    private readonly Lock _lock = new();

    private ProgressLines() { }

    public void Report(TransferProgress value)
    {
        if (value.Total > 0 && value.Id is not null && !IsDue(value)) return;
        Write(new ProgressMessage
        {
            Status = value.Status, Id = value.Id,
            ProgressDetail = value.HasDetail || value.Current > 0 ? new ProgressDetail { Current = value.Current, Total = value.Total } : null,
        });
    }

    public void Write(ProgressMessage message) => _lines.Writer.TryWrite(message);

    /// <summary>Runs the work while its progress is sent. Errors before anything was reported are thrown, so that they get a status of their own.</summary>
    public static async Task RunAsync(HttpContext context, Func<ProgressLines, Task> work)
    {
        var lines = new ProgressLines();
        var doing = lines.DoAsync(work);
        if (!await lines._lines.Reader.WaitToReadAsync(context.RequestAborted))
        {
            await doing;
            return;
        }
        await context.StartStreamAsync("application/json");
        try
        {
            await foreach (var line in lines._lines.Reader.ReadAllAsync(context.RequestAborted)) await context.WriteLineAsync(line, DockerApiJson.Default.ProgressMessage);
            await doing;
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested && failure is not OperationCanceledException)
        {
            await context.WriteLineAsync(new ProgressMessage { Error = failure.Message, ErrorDetail = new ProgressError { Code = (failure as BuildCommandException)?.ExitCode ?? 0, Message = failure.Message } }, DockerApiJson.Default.ProgressMessage);
        }
    }

    public static JsonElement Aux<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.SerializeToElement(value, type);

    private async Task DoAsync(Func<ProgressLines, Task> work)
    {
        try { await work(this); }
        finally { _lines.Writer.Complete(); }
    }

    // A terminal cannot show more than some steps a second, and a fast disk makes thousands.
    private bool IsDue(TransferProgress value)
    {
        const int betweenMilliseconds = 100;
        lock (_lock)
        {
            var key = value.Id + value.Status;
            var now = Environment.TickCount64;
            if (value.Current < value.Total && _shown.TryGetValue(key, out var last) && now - last < betweenMilliseconds) return false;
            _shown[key] = now;
            return true;
        }
    }
}

using System.IO.Pipelines;
using System.Text;
using Yun.Node.Keeper;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>A process in a virtual machine that reads or writes the container's files: only the machine's own kernel reads its disk. Disposing of it ends it.</summary>
internal sealed class MachineFileProcess : IAsyncDisposable
{
    private const int WordsMax = 4096;

    private readonly ProbeProcess _process;
    private readonly Pipe _output = new();
    private readonly Task _pump;

    private readonly IDisposable? _turn;

    /// <param name="turn">The container's, let go of with this.</param>
    public MachineFileProcess(ProbeProcess process, IDisposable? turn, CancellationToken cancel)
    {
        (_process, _turn) = (process, turn);
        Output = _output.Reader.AsStream();
        _pump = PumpAsync(cancel);
    }

    /// <summary>What it writes. Its end is read only when it has succeeded; else reading throws the <see cref="EngineException"/> that says why not.</summary>
    public Stream Output { get; }

    /// <summary>Gives it its input, which is then at its end, and waits until it has done with it.</summary>
    public async Task FinishAsync(Func<Stream, Task> write, CancellationToken cancel)
    {
        try
        {
            await write(_process.Streams);
            _process.Streams.CloseWrite();
        }
        // It reads no more; it says why.
        catch (IOException) { }
        await Output.CopyToAsync(Stream.Null, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _output.Reader.CompleteAsync();
        await _process.DisposeAsync();
        await _pump;
        _turn?.Dispose();
    }

    private async Task PumpAsync(CancellationToken cancel)
    {
        Exception? failure = null;
        var words = new StringBuilder();
        try
        {
            await OutputFrames.ReadAsync(_process.Streams, async (bytes, isError) =>
            {
                if (!isError) await _output.Writer.WriteAsync(bytes, cancel);
                else if (words.Length < WordsMax) words.Append(Encoding.UTF8.GetString(bytes.Span));
            }, cancel);
            if (await _process.ExitAsync(cancel) is var exitCode and not 0) failure = Failure(exitCode, words.ToString().Trim());
        }
        catch (Exception error) { failure = error; }
        await _output.Writer.CompleteAsync(failure);
    }

    private static EngineException Failure(int exitCode, string words) => ErrorExit.KindOf(exitCode) is { } kind
        ? new EngineException(kind, words)
        : new EngineException(ErrorKind.Unavailable, $"the virtual machine did not do it (exit code {exitCode}){(words.Length > 0 ? $": {words}" : "")}");
}

using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Runtime.Keep.Logs;

namespace Yun.Runtime.Keep;

/// <summary>Which of a process's streams; the numbers are those of Docker's frames.</summary>
internal enum OutputKind : byte
{
    Stdout = 1,
    Stderr = 2,
    Terminal = 3,
}

/// <summary>The keeper's end of a process's output: what comes goes to the log and to the attached clients.</summary>
internal sealed class OutputPipe : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly KeptProcess _process;
    private readonly ContainerLog? _log;
    private readonly LineSplitter? _lines;
    private readonly OutputBuffer _buffer;
    private readonly Watch _watch;

    public OutputPipe(OutputState state, KeptProcess process, ContainerLog? log, KeepContext context)
    {
        (_handle, Kind, IsAbandoned, _process, _log, _buffer) = (state.Handle!, state.Kind, state.IsAbandoned, process, log, context.Output);
        _lines = log?.Stream(Kind == OutputKind.Stderr ? "stderr"u8 : "stdout"u8, state.Unfinished);
        Descriptors.SetNonBlocking(_handle);
        _watch = new Watch(context.Loop, _handle, _ => ReadSome());
    }

    /// <summary>What the constructor goes on from.</summary>
    public OutputState State => new() { Kind = Kind, Handle = _handle, IsAbandoned = IsAbandoned, Unfinished = IsAbandoned ? null : _lines?.Unfinished };

    public OutputKind Kind { get; }

    public SafeFileHandle Handle => _handle;

    /// <summary>Everything was read, and the descriptor is closed.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The process has ended and somebody else has its output: that is read, so that it may go on, and dropped.</summary>
    public bool IsAbandoned { get; private set; }

    public void Resume() => _watch.For(EpollEvents.Readable);

    /// <summary>The writer is held up when the pipe is full, as Docker holds it up for a client that does not read.</summary>
    public void Pause() => _watch.Pause();

    /// <summary>Reads all that is there now.</summary>
    public void Drain()
    {
        while (!HasEnded && ReadSome()) { }
    }

    public void Abandon()
    {
        if (HasEnded) return;
        EndLines();
        IsAbandoned = true;
        Resume();
    }

    public void Dispose()
    {
        if (HasEnded) return;
        HasEnded = true;
        _watch.Dispose();
        _handle.Dispose();
    }

    private bool ReadSome()
    {
        var count = Descriptors.Read(_handle, _buffer.Data, out var errno);
        if (count > 0)
        {
            if (!IsAbandoned) Deliver(count);
            return true;
        }
        if (count < 0 && errno == Errno.EAGAIN) return false;
        // A terminal's end is EIO: nobody has its other side open.
        if (!IsAbandoned) EndLines();
        Dispose();
        _process.OutputEnded();
        return false;
    }

    private void Deliver(int count)
    {
        if (_lines is not null) _log!.Write(_lines, _buffer.Data[..count], Timestamp.Of(Clock.NanosecondsNow));
        _process.Deliver(Kind, _buffer, count);
    }

    private void EndLines()
    {
        if (_lines is not null) _log!.End(_lines, Timestamp.Of(Clock.NanosecondsNow));
    }
}

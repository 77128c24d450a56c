using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Runtime.Keep;

/// <summary>The keeper's end of a process's standard input. What a process does not read waits here up to a bound, and then with the clients.</summary>
internal sealed class StdinPipe : IDisposable
{
    private const int WaitingBytesMax = 64 << 10;

    private readonly SafeFileHandle _handle;
    private readonly SendQueue _waiting = new();
    private readonly Watch _watch;
    private readonly Action _roomAgain;
    private bool _ending;

    /// <param name="roomAgain">Called when <see cref="HasRoom"/> may have become true.</param>
    /// <param name="waiting">What is to be written first, and whether it <paramref name="ends"/> then.</param>
    public StdinPipe(SafeFileHandle handle, EventLoop loop, Action roomAgain, ReadOnlySpan<byte> waiting, bool ends)
    {
        (_handle, _roomAgain, _ending) = (handle, roomAgain, ends);
        Descriptors.SetNonBlocking(handle);
        _watch = new Watch(loop, handle, _ => WriteWaiting());
        if (waiting.IsEmpty) return;
        _waiting.Add(waiting);
        _watch.For(EpollEvents.Writable);
    }

    public SafeFileHandle Handle => _handle;

    public ReadOnlySpan<byte> Waiting => _waiting.Waiting;

    /// <summary>It ends when nothing is waiting any more.</summary>
    public bool IsEnding => _ending;

    /// <summary>Also when the process reads no more: then clients' input is taken and dropped, so that their output goes on.</summary>
    public bool HasRoom => _waiting.Count < WaitingBytesMax;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_handle.IsClosed || _ending) return;
        _waiting.Add(bytes);
        WriteWaiting();
    }

    /// <summary>The process reads the end after what is still waiting.</summary>
    public void End()
    {
        _ending = true;
        if (_waiting.Count == 0) Dispose();
    }

    public void Dispose()
    {
        _waiting.Clear();
        if (_handle.IsClosed) return;
        _watch.Dispose();
        _handle.Dispose();
    }

    private void WriteWaiting()
    {
        while (_waiting.Count > 0)
        {
            var count = Descriptors.Write(_handle, _waiting.Waiting, out var errno);
            if (count >= 0)
            {
                _waiting.Taken(count);
            }
            else if (errno == Errno.EAGAIN)
            {
                _watch.For(EpollEvents.Writable);
                break;
            }
            else
            {
                // The process has closed its standard input, or is gone.
                Dispose();
            }
        }
        if (_waiting.Count == 0) _watch.Pause();
        if (_ending && _waiting.Count == 0) Dispose();
        if (HasRoom) _roomAgain();
    }
}

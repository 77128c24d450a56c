using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Guest.Wire;

/// <summary>Reads a descriptor to its end and sends what comes as frames of one kind, by a thread of its own.</summary>
internal sealed class OutgoingStream
{
    private const int ChunkBytes = 16 << 10;

    private readonly FrameStream _wire;
    private readonly FrameKind _kind;
    private readonly uint _session;
    private readonly SafeFileHandle _from;
    private readonly Window _window = new();
    private readonly Thread _thread;

    /// <param name="from">Closed at its end.</param>
    public OutgoingStream(FrameStream wire, FrameKind kind, uint session, SafeFileHandle from)
    {
        (_wire, _kind, _session, _from) = (wire, kind, session, from);
        _thread = Threads.Start(Pump);
    }

    /// <summary>The receiver has taken so much.</summary>
    public void Credit(int bytes) => _window.Give(bytes);

    /// <summary>Waits until all has been sent. False when that takes longer.</summary>
    public bool Join(TimeSpan max) => _thread.Join(max);

    private void Pump()
    {
        var buffer = new byte[ChunkBytes];
        // A terminal whose last program is gone answers EIO instead of its end.
        while (Descriptors.Read(_from, buffer.AsSpan(0, Math.Min(ChunkBytes, _window.AwaitRoom())), out _) is > 0 and var read)
        {
            _window.Take(read);
            _wire.Send(_kind, _session, buffer.AsSpan(0, read));
        }
        _wire.Send(_kind, _session);
        _from.Dispose();
    }
}

using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;
using Yun.Runtime.Compile;

namespace Yun.Runtime.Keep;

/// <summary>One daemon's connection: requests in, replies and news out. Whatever is wrong with it ends it, and it alone.</summary>
internal sealed class ControlConnection : IDisposable
{
    // A daemon that does not read is stopped. When it goes on it connects anew, and is told again what it missed.
    private const int WaitingBytesMax = 4 << 20;

    private readonly UnixSocket _socket;
    private readonly Watch _watch;
    private readonly Action<ControlConnection, KeeperRequest, ReadOnlyMemory<byte>, List<SafeFileHandle>> _handle;
    private readonly Action<ControlConnection> _closed;
    private readonly KeeperFrameReader _frames = new();
    private readonly List<SafeFileHandle> _received = [];
    private readonly Queue<Frame> _waiting = new();
    private long _waitingBytes;
    private bool _isPaused;

    private sealed class Frame(ReadOnlyMemory<byte> bytes, List<SafeFileHandle> descriptors)
    {
        public ReadOnlyMemory<byte> Bytes = bytes;
        public readonly List<SafeFileHandle> Descriptors = descriptors;
    }

    /// <param name="handle">Takes a request with its payload, which is valid during the call only, and its descriptors, which become the callee's.</param>
    public ControlConnection(UnixSocket socket, EventLoop loop, Action<ControlConnection, KeeperRequest, ReadOnlyMemory<byte>, List<SafeFileHandle>> handle, Action<ControlConnection> closed)
    {
        (_socket, _handle, _closed) = (socket, handle, closed);
        _watch = new Watch(loop, socket.Handle, Ready);
        _watch.For(EpollEvents.Readable);
    }

    /// <summary>News go to those that have said hello.</summary>
    public bool IsGreeted { get; set; }

    public bool IsClosed { get; private set; }

    /// <param name="descriptors">Copies of them are sent; the list itself is kept until then.</param>
    public void Send(KeeperReply reply, List<SafeFileHandle>? descriptors = null)
    {
        if (IsClosed) return;
        // What is sent later must still be open then, though its process be forgotten meanwhile.
        var copies = new List<SafeFileHandle>();
        foreach (var descriptor in descriptors ?? []) copies.Add(Descriptors.Duplicate(descriptor));
        var frame = new Frame(KeeperFrame.Encode(ReplyWriter.Write(reply)), copies);
        _waiting.Enqueue(frame);
        _waitingBytes += frame.Bytes.Length;
        if (_waiting.Count == 1) SendWaiting();
        if (_waitingBytes > WaitingBytesMax) Dispose();
    }

    /// <summary>Takes no more requests until <see cref="Resume"/>; those that have come wait.</summary>
    public void Pause()
    {
        _isPaused = true;
        if (!IsClosed) _watch.Pause();
    }

    public void Resume()
    {
        _isPaused = false;
        if (!IsClosed) _watch.For(EpollEvents.Readable | EpollEvents.Writable);
    }

    public void Dispose()
    {
        if (IsClosed) return;
        IsClosed = true;
        _watch.Dispose();
        _socket.Dispose();
        foreach (var descriptor in _received) descriptor.Dispose();
        foreach (var frame in _waiting) CloseAll(frame);
        _closed(this);
    }

    private void Ready(EpollEvents events)
    {
        if ((events & EpollEvents.Writable) != 0) SendWaiting();
        if (IsClosed) return;
        try
        {
            if ((events & ~EpollEvents.Writable) != 0)
            {
                var count = _socket.Receive(_frames.Free(), _received);
                if (count == 0) Dispose();
                if (count <= 0) return;
                _frames.Received(count);
            }
            while (!IsClosed && !_isPaused && _frames.TryRead(out var json, out var payload)) Handle(json, payload);
            _frames.Trim();
        }
        catch (Exception error)
        {
            Journal.Write(error is SyscallException or InvalidDataException or SpecException ? $"connection closed: {error.Message}" : $"connection closed: {error}");
            Dispose();
        }
    }

    private void Handle(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> payload)
    {
        var request = RequestReader.Read(json.Span);
        var count = request.Start is { } start ? start.MountDestinations.Count + (start.NetworkNamespace ? 1 : 0) + (start.UserNamespace ? 1 : 0)
            : request.Attach is not null || request.Upgrade is not null || request.Namespaces?.Inside == true ? 1 : request.Hold?.Count ?? 0;
        if (count < 0 || count > _received.Count) throw new InvalidDataException("The request announces more descriptors than came with it.");
        var own = _received.GetRange(0, count);
        _received.RemoveRange(0, count);
        _handle(this, request, payload, own);
    }

    private void SendWaiting()
    {
        try
        {
            Span<int> numbers = stackalloc int[KeeperProtocol.DescriptorsMax];
            while (_waiting.TryPeek(out var frame))
            {
                for (var i = 0; i < frame.Descriptors.Count; i++) numbers[i] = (int)frame.Descriptors[i].DangerousGetHandle();
                var sent = _socket.Send(frame.Bytes.Span, numbers[..frame.Descriptors.Count]);
                if (sent < 0) break;
                CloseAll(frame);
                frame.Bytes = frame.Bytes[sent..];
                _waitingBytes -= sent;
                if (frame.Bytes.IsEmpty) _waiting.Dequeue();
            }
            if (!_isPaused) _watch.For(_waiting.Count == 0 ? EpollEvents.Readable : EpollEvents.Readable | EpollEvents.Writable);
        }
        catch (SyscallException)
        {
            Dispose();
        }
    }

    private static void CloseAll(Frame frame)
    {
        foreach (var descriptor in frame.Descriptors) descriptor.Dispose();
        frame.Descriptors.Clear();
    }
}

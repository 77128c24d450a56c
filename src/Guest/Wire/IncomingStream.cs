using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Guest.Wire;

/// <summary>Writes what comes in frames to a descriptor, by a thread of its own, and gives the sender credit for it.</summary>
internal sealed class IncomingStream
{
    /// <summary>Credit says the stream's kind and the bytes that were taken.</summary>
    private const int CreditBytes = 5;

    private readonly FrameStream _wire;
    private readonly FrameKind _kind;
    private readonly uint _session;
    private readonly SafeFileHandle _to;
    private readonly Queue<byte[]> _waiting = new();
    private readonly Thread _thread;
    private bool _ended;

    /// <param name="to">Closed at the stream's end.</param>
    public IncomingStream(FrameStream wire, FrameKind kind, uint session, SafeFileHandle to)
    {
        (_wire, _kind, _session, _to) = (wire, kind, session, to);
        _thread = Threads.Start(Pump);
    }

    /// <summary>An empty content is the end.</summary>
    public void Add(byte[] content)
    {
        lock (_waiting)
        {
            if (_ended) return;
            _ended = content.Length == 0;
            _waiting.Enqueue(content);
            Monitor.Pulse(_waiting);
        }
    }

    /// <summary>Waits until all up to the end is written. False when that takes longer.</summary>
    public bool Join(TimeSpan max) => _thread.Join(max);

    public static (FrameKind Kind, int Bytes) ReadCredit(byte[] content) =>
        content.Length == CreditBytes ? ((FrameKind)content[0], BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(1))) : default;

    private void Pump()
    {
        Span<byte> credit = stackalloc byte[CreditBytes];
        credit[0] = (byte)_kind;
        var broken = false;
        while (Next() is { Length: > 0 } content)
        {
            // Nobody reads any more. What still comes is taken, so that the sender does not stand still.
            try { if (!broken) Pipe.WriteAll(_to, content); }
            catch (SyscallException) { broken = true; }
            BinaryPrimitives.WriteInt32LittleEndian(credit[1..], content.Length);
            _wire.Send(FrameKind.Credit, _session, credit);
        }
        _to.Dispose();
    }

    private byte[] Next()
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0) Monitor.Wait(_waiting);
            return _waiting.Dequeue();
        }
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>What a descriptor is ready for (epoll_ctl(2)). <see cref="Error"/> and <see cref="HangUp"/> are told whether asked for or not.</summary>
[Flags]
public enum EpollEvents : uint
{
    None = 0,
    Readable = 0x1,
    Writable = 0x4,
    Error = 0x8,
    HangUp = 0x10,
}

/// <summary>Waits for many descriptors at once, each known by a number of the caller's. Level-triggered.</summary>
public sealed unsafe class Epoll : IDisposable
{
    private const int EventsMax = 64, Add = 1, Delete = 2, Modify = 3, CloseOnExec = 0x80000;

    // struct epoll_event is packed on x86-64 and nowhere else.
    private static readonly int s_tokenOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_size = s_tokenOffset + sizeof(long);

    private readonly SafeFileHandle _epoll = new(Native.Check(Native.epoll_create1(CloseOnExec), "epoll_create1"), true);
    private readonly byte[] _events = new byte[EventsMax * s_size];

    public void Watch(SafeHandle descriptor, EpollEvents interest, long token) => Control(Add, descriptor, interest, token);

    public void Change(SafeHandle descriptor, EpollEvents interest, long token) => Control(Modify, descriptor, interest, token);

    public void Forget(SafeHandle descriptor) => Control(Delete, descriptor, EpollEvents.None, 0);

    /// <summary>Waits, and says how many are ready; <see cref="this"/> tells which. Interrupted by a signal, it answers 0.</summary>
    public int Wait(int milliseconds)
    {
        fixed (byte* events = _events)
        {
            var count = Native.epoll_wait(_epoll, events, EventsMax, milliseconds);
            if (count < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR) return 0;
            return Native.Check(count, "epoll_wait");
        }
    }

    public (EpollEvents Events, long Token) this[int index]
    {
        get
        {
            var record = _events.AsSpan(index * s_size, s_size);
            return ((EpollEvents)BinaryPrimitives.ReadUInt32LittleEndian(record), BinaryPrimitives.ReadInt64LittleEndian(record[s_tokenOffset..]));
        }
    }

    public void Dispose() => _epoll.Dispose();

    private void Control(int operation, SafeHandle descriptor, EpollEvents interest, long token)
    {
        var change = stackalloc byte[16];
        *(uint*)change = (uint)interest;
        *(long*)(change + s_tokenOffset) = token;
        Native.Check(Native.epoll_ctl(_epoll, operation, descriptor, change), "epoll_ctl");
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>A pair of connected sockets over which a child hands its parent one descriptor (SCM_RIGHTS).</summary>
public sealed unsafe class TerminalSocket : IDisposable
{
    private const int Unix = 1, Stream = 1, CloseOnExec = 0x80000, DontWait = 0x40, CloseReceivedOnExec = 0x40000000;

    public TerminalSocket()
    {
        var pair = stackalloc int[2];
        Native.Check(Native.syscall(SyscallNumber.Of(Syscall.socketpair), Unix, Stream | CloseOnExec, 0, (long)pair), "socketpair");
        (Parent, Child) = (new SafeFileHandle(pair[0], true), new SafeFileHandle(pair[1], true));
    }

    public SafeFileHandle Parent { get; }
    public SafeFileHandle Child { get; }

    /// <summary>The descriptor that was sent, closed on exec and the caller's to own. Does not wait.</summary>
    /// <exception cref="SyscallException">Nothing was sent.</exception>
    public SafeFileHandle Receive()
    {
        byte data;
        var vector = stackalloc nint[2];
        (vector[0], vector[1]) = ((nint)(&data), 1);
        var control = stackalloc long[3];
        var header = stackalloc long[7];
        (header[0], header[1], header[2], header[3], header[4], header[5], header[6]) = (0, 0, (nint)vector, 1, (nint)control, 24, 0);
        Native.Check(Native.syscall(SyscallNumber.Of(Syscall.recvmsg), Parent.DangerousGetHandle(), (long)header, DontWait | CloseReceivedOnExec), "recvmsg", "the terminal");
        if (header[5] < 20) throw new SyscallException("recvmsg", Errno.ENODATA, "the terminal");
        return new SafeFileHandle((nint)(int)control[2], ownsHandle: true);
    }

    public void Dispose()
    {
        Parent.Dispose();
        Child.Dispose();
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

public sealed unsafe partial class UnixSocket
{
    private const int DescriptorsMax = 253;

    /// <summary>
    /// Sends what the socket takes now (all of it, on one that blocks), and copies of <paramref name="descriptors"/> with the first byte.
    /// Returns how much went, or -1 when it would have to wait; a peer that is gone is an EPIPE.
    /// </summary>
    public int Send(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors = default)
    {
        var control = stackalloc byte[descriptors.IsEmpty ? 0 : sizeof(Native.ControlHeader) + DescriptorsMax * sizeof(int) + 8];
        fixed (byte* start = bytes)
        {
            var vector = new Native.IoVector { Base = start, Length = (nuint)bytes.Length };
            var message = new Native.MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (!descriptors.IsEmpty)
            {
                var length = sizeof(Native.ControlHeader) + descriptors.Length * sizeof(int);
                *(Native.ControlHeader*)control = new() { Length = (nuint)length, Level = Native.SOL_SOCKET, Type = Native.SCM_RIGHTS };
                descriptors.CopyTo(new Span<int>(control + sizeof(Native.ControlHeader), DescriptorsMax));
                message.Control = control;
                message.ControlLength = (nuint)((length + 7) & ~7);
            }
            while (true)
            {
                var sent = Native.sendmsg(Handle, &message, Native.MSG_NOSIGNAL);
                if (sent >= 0)
                    return (int)sent;
                switch ((Errno)Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR: continue;
                    case Errno.EAGAIN: return -1;
                    default: throw Failure("sendmsg");
                }
            }
        }
    }

    /// <summary>
    /// Receives what is there, and appends descriptors that came with it. 0 is the end, -1 that there is nothing yet. Descriptors never arrive
    /// later than the byte they were sent with.
    /// </summary>
    public int Receive(Span<byte> bytes, List<SafeFileHandle> descriptors)
    {
        const int ControlBytes = 16 + DescriptorsMax * sizeof(int) + 8;
        var control = stackalloc byte[ControlBytes];
        fixed (byte* start = bytes)
        {
            var vector = new Native.IoVector { Base = start, Length = (nuint)bytes.Length };
            var message = new Native.MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = ControlBytes };
            nint received;
            while ((received = Native.recvmsg(Handle, &message, Native.MSG_CMSG_CLOEXEC)) < 0)
            {
                switch ((Errno)Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR: continue;
                    case Errno.EAGAIN: return -1;
                    case Errno.ECONNRESET: return 0;
                    default: throw Failure("recvmsg");
                }
            }
            var header = (Native.ControlHeader*)control;
            if (message.ControlLength >= (nuint)sizeof(Native.ControlHeader) && header->Level == Native.SOL_SOCKET && header->Type == Native.SCM_RIGHTS)
            {
                var passed = (int*)(control + sizeof(Native.ControlHeader));
                for (var i = 0; i < (int)(header->Length - (nuint)sizeof(Native.ControlHeader)) / sizeof(int); i++)
                    descriptors.Add(new SafeFileHandle(passed[i], true));
            }
            // The table of open files is full: some descriptors were dropped, and the rest no longer match their message.
            if ((message.Flags & Native.MSG_CTRUNC) != 0)
                throw new SyscallException("recvmsg", Errno.EMFILE);
            return (int)received;
        }
    }
}

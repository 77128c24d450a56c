using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Netlink;

public enum NetlinkFamily
{
    Route = 0,
    Netfilter = 12,
}

/// <summary>
/// A netlink socket. It acts on the network namespace in which it was made, whoever uses it later. Not for several threads at once.
/// </summary>
public sealed unsafe class NetlinkSocket : IDisposable
{
    private const int ErrorType = 2, DoneType = 3;
    // The kernel fills what it is offered in a dump, up to 32 KiB.
    private const int ReceiveBytes = 32 * 1024;

    private readonly SafeFileHandle _handle;
    private readonly byte[] _received = GC.AllocateUninitializedArray<byte>(ReceiveBytes, pinned: true);
    private uint _sequence;

    public NetlinkSocket(NetlinkFamily family) : this(new SafeFileHandle(Native.Check(OpenRaw(family), "socket", $"netlink {family}"), ownsHandle: true)) { }

    internal NetlinkSocket(SafeFileHandle handle)
    {
        _handle = handle;
        var one = 1;
        // Errors come with the kernel's own sentence, and without a copy of the request.
        Native.Check(NetlinkNative.setsockopt(Descriptor, NetlinkNative.SolNetlink, NetlinkNative.NetlinkExtAck, &one, sizeof(int)), "setsockopt", "netlink");
        Native.Check(NetlinkNative.setsockopt(Descriptor, NetlinkNative.SolNetlink, NetlinkNative.NetlinkCapAck, &one, sizeof(int)), "setsockopt", "netlink");
        var deadline = stackalloc long[2] { 10, 0 };
        Native.Check(NetlinkNative.setsockopt(Descriptor, NetlinkNative.SolSocket, NetlinkNative.SoReceiveTimeout, deadline, 16), "setsockopt", "netlink");
    }

    private int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Not checked and without allocations, for use inside another namespace.</summary>
    internal static int OpenRaw(NetlinkFamily family) => NetlinkNative.socket(NetlinkNative.AfNetlink, NetlinkNative.SockRaw | NetlinkNative.SockCloseOnExec, (int)family);

    /// <summary>From now on the socket gets the events of a group.</summary>
    internal static void Join(int descriptor, int group)
    {
        // Events are not sent to the port they came from, and the kernel's own is 0, as is that of a socket which has none yet: so bind it.
        var address = stackalloc ushort[6] { NetlinkNative.AfNetlink, 0, 0, 0, 0, 0 };
        Native.Check(NetlinkNative.bind(descriptor, address, 12), "bind", "netlink events");
        Native.Check(NetlinkNative.setsockopt(descriptor, NetlinkNative.SolNetlink, NetlinkNative.NetlinkAddMembership, &group, sizeof(int)), "setsockopt", "netlink events");
    }

    /// <summary>Sends the messages together and waits for the answer to each. The first that failed is thrown, after all were answered.</summary>
    public void Execute(NetlinkRequest request)
    {
        if (request.Count == 0) return;
        Send(request.Seal(_sequence));
        SyscallException? failure = null;
        var open = request.Count;
        while (open > 0)
        {
            var messages = new NetlinkMessages(Receive());
            while (messages.Next())
            {
                var index = messages.Sequence - _sequence;
                if (messages.Type != ErrorType || !request.Owns(index)) continue;
                if (messages.Error != Errno.None) failure ??= request.Failure(index, messages.Error, messages.Explanation);
                // An error on a message that asked for no answer is about all of them (the begin of a netfilter batch): there may be no other.
                open = request.IsAnswered(index) ? open - 1 : 0;
            }
        }
        _sequence += (uint)request.Span;
        if (failure is not null) throw failure;
    }

    /// <summary>Sends one question and hands each message of the answer to <paramref name="visit"/>.</summary>
    public void Query(NetlinkRequest request, Action<NetlinkMessage> visit)
    {
        // A dump that changed under the kernel's hands says so, and is asked for again; a machine on which networks come and go all the time gets the last answer.
        for (var attempt = 0; ; attempt++)
        {
            Send(request.Seal(_sequence));
            var answers = new List<NetlinkMessage>();
            var interrupted = Collect(request, answers);
            _sequence += (uint)request.Span;
            if (interrupted && attempt < 4) continue;
            foreach (var answer in answers) visit(answer);
            return;
        }
    }

    private bool Collect(NetlinkRequest request, List<NetlinkMessage> answers)
    {
        var interrupted = false;
        for (var done = false; !done;)
        {
            var messages = new NetlinkMessages(Receive());
            while (!done && messages.Next())
            {
                if (!request.Owns(messages.Sequence - _sequence)) continue;
                interrupted |= messages.IsInterrupted;
                if (messages.Type == ErrorType && messages.Error != Errno.None) throw request.Failure(messages.Sequence - _sequence, messages.Error, messages.Explanation);
                if (messages.Type is ErrorType or DoneType) done = true;
                else
                {
                    answers.Add(new NetlinkMessage(messages.Type, messages.Body.ToArray()));
                    done = !messages.IsMultipart;
                }
            }
        }
        return interrupted;
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            // Safe: the span is pinned for the call, and the kernel copies it before it returns.
            Native.Check(NetlinkNative.send(Descriptor, start, (nuint)bytes.Length, 0), "send", "netlink");
        }
    }

    private ReadOnlySpan<byte> Receive()
    {
        fixed (byte* start = _received)
        {
            // Safe: the array is pinned and its own length is what is offered.
            nint got;
            do got = NetlinkNative.recv(Descriptor, start, ReceiveBytes, NetlinkNative.MsgTruncate);
            while (got < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR);
            if (got < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EAGAIN) throw new SyscallException("recv", Errno.ETIMEDOUT, "netlink");
            Native.Check(got, "recv", "netlink");
            if (got > ReceiveBytes) throw new SyscallException("recv", Errno.EMSGSIZE, "netlink");
            return _received.AsSpan(0, (int)got);
        }
    }

    public void Dispose() => _handle.Dispose();
}

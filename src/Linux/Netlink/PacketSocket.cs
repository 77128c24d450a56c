using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Netlink;

/// <summary>A socket that sees an interface's frames whole (packet(7)): those that a filter lets through.</summary>
public static unsafe class PacketSocket
{
    private const int AfPacket = 17, AttachFilter = 26, AddressBytes = 20;
    private const ushort AllProtocols = 3;

    /// <summary>
    /// Opens one in a network namespace for what comes in by UDP over IPv4 to one of two ports. Frames are seen before any rule of the namespace drops them; what is
    /// sent goes out by that interface.
    /// </summary>
    public static Socket OpenForDatagrams(SafeFileHandle networkNamespace, int interfaceIndex, ushort port, ushort otherPort)
    {
        var descriptor = NetworkNamespace.Inside(networkNamespace, "packet socket", () => NetlinkNative.socket(AfPacket, NetlinkNative.SockRaw | NetlinkNative.SockCloseOnExec, 0));
        using var handle = new SafeFileHandle(descriptor, ownsHandle: false);
        var socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        try
        {
            // struct sock_filter: code, jump if true, jump if false, operand. The filter is there before the first frame is.
            ReadOnlySpan<ulong> filter =
            [
                Step(0x28, 0, 0, 12), Step(0x15, 0, 8, 0x0800), Step(0x30, 0, 0, 23), Step(0x15, 0, 6, 17), Step(0x28, 0, 0, 20), Step(0x45, 4, 0, 0x1FFF),
                Step(0xB1, 0, 0, 14), Step(0x48, 0, 0, 16), Step(0x15, 2, 0, port), Step(0x15, 1, 0, otherPort), Step(0x06, 0, 0, 0), Step(0x06, 0, 0, 0xFFFF),
            ];
            fixed (ulong* steps = filter)
            {
                var program = stackalloc nint[2] { filter.Length, (nint)steps };
                Native.Check(Native.setsockopt(handle, NetlinkNative.SolSocket, AttachFilter, program, (uint)(2 * sizeof(nint))), "setsockopt", "SO_ATTACH_FILTER");
            }
            var address = stackalloc byte[AddressBytes];
            var written = new Span<byte>(address, AddressBytes);
            written.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(written, AfPacket);
            BinaryPrimitives.WriteUInt16BigEndian(written[2..], AllProtocols);
            BinaryPrimitives.WriteInt32LittleEndian(written[4..], interfaceIndex);
            Native.Check(Native.bind(handle, address, AddressBytes), "bind", "packet socket");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static ulong Step(ushort code, byte whenTrue, byte whenFalse, uint operand) => code | (ulong)whenTrue << 16 | (ulong)whenFalse << 24 | (ulong)operand << 32;
}

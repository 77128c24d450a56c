using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>An IPv4 address and port, both in the order that a reader writes them.</summary>
public readonly record struct DatagramAddress(uint Address, ushort Port)
{
    public static DatagramAddress Loopback(byte a, byte b, byte c, ushort port) => new(127u << 24 | (uint)a << 16 | (uint)b << 8 | c, port);
}

/// <summary>A UDP socket over IPv4 without what .NET's own brings along. It blocks.</summary>
public sealed unsafe class DatagramSocket : IDisposable
{
    private const int AddressBytes = 16, Family = 2, Datagram = 2;

    public DatagramSocket() => Handle = new(Native.Check(Native.socket(Family, Datagram | Native.SOCK_CLOEXEC, 0), "socket"), true);

    public SafeFileHandle Handle { get; }

    public void Bind(DatagramAddress address)
    {
        var bytes = stackalloc byte[AddressBytes];
        Write(bytes, address);
        Native.Check(Native.bind(Handle, bytes, AddressBytes), "bind", $"port {address.Port}");
    }

    /// <summary>The next datagram, cut to the buffer's size, and who sent it.</summary>
    public int Receive(Span<byte> buffer, out DatagramAddress sender)
    {
        var from = stackalloc byte[AddressBytes];
        var length = (uint)AddressBytes;
        fixed (byte* bytes = buffer)
        {
            nint count;
            do count = Native.recvfrom(Handle, bytes, (nuint)buffer.Length, 0, from, &length);
            while (count < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR);
            Native.Check((long)count, "recvfrom");
            var address = new ReadOnlySpan<byte>(from, AddressBytes);
            sender = new DatagramAddress(BinaryPrimitives.ReadUInt32BigEndian(address[4..]), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
            return (int)count;
        }
    }

    /// <summary>Sends one datagram, which may get lost, as any may.</summary>
    public void Send(ReadOnlySpan<byte> datagram, DatagramAddress to)
    {
        var bytes = stackalloc byte[AddressBytes];
        Write(bytes, to);
        fixed (byte* content = datagram) _ = Native.sendto(Handle, content, (nuint)datagram.Length, 0, bytes, AddressBytes);
    }

    public void Dispose() => Handle.Dispose();

    // struct sockaddr_in of ip(7).
    private static void Write(byte* bytes, DatagramAddress address)
    {
        var written = new Span<byte>(bytes, AddressBytes);
        written.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(written, Family);
        BinaryPrimitives.WriteUInt16BigEndian(written[2..], address.Port);
        BinaryPrimitives.WriteUInt32BigEndian(written[4..], address.Address);
    }
}

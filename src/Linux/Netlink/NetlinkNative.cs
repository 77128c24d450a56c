using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Yun.Linux.Netlink;

/// <summary>Sockets and network namespaces, raw. All arguments are plain numbers: these run where nothing may be allocated (<see cref="NetworkNamespace"/>).</summary>
internal static unsafe partial class NetlinkNative
{
    internal const int AfInet = 2, AfInet6 = 10, AfNetlink = 16;
    internal const int SockStream = 1, SockDatagram = 2, SockRaw = 3, SockCloseOnExec = 0x80000;
    internal const int SolSocket = 1, SoReuseAddress = 2, SoReceiveBuffer = 8, SoReceiveTimeout = 20, SolNetlink = 270, NetlinkAddMembership = 1, NetlinkCapAck = 10, NetlinkExtAck = 11;
    internal const int CloneNewNet = 0x40000000;
    internal const int ORdonly = 0, OWronly = 1, OCloexec = 0x80000;
    internal const int MsgTruncate = 0x20;

    internal static byte FamilyOf(IPAddress address) => FamilyOf(address.AddressFamily);

    internal static byte FamilyOf(AddressFamily family) => (byte)(family == AddressFamily.InterNetworkV6 ? AfInet6 : AfInet);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int socket, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(int socket, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int socket, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockname(int socket, void* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int socket, byte* buffer, nuint length, int flags);

    /// <summary>As <see cref="Native.open"/>, with a path that lies in unmanaged memory.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int open(byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setns(int descriptor, int kind);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int descriptor, nuint request, void* argument);
}

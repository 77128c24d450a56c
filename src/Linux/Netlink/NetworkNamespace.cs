using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Netlink;

/// <summary>
/// Network namespaces, made and visited without a process of their own. A namespace lives as long as a descriptor, a process or a socket refers to it.
/// </summary>
public static unsafe class NetworkNamespace
{
    private static readonly Lazy<NamespaceThread> s_thread = new(() => new NamespaceThread());

    /// <summary>Makes a namespace with nothing in it but a loopback interface that is down.</summary>
    /// <param name="settings">Written before anyone else can see the namespace.</param>
    public static SafeFileHandle Create(params ReadOnlySpan<NetworkSetting> settings)
    {
        var prepared = Prepare(settings);
        int descriptor = -1, errno = 0;
        s_thread.Value.Run(() =>
        {
            if (NetlinkNative.unshare(NetlinkNative.CloneNewNet) < 0) { errno = Marshal.GetLastPInvokeError(); return; }
            fixed (byte* path = "/proc/thread-self/ns/net\0"u8) descriptor = OpenPath(path, NetlinkNative.ORdonly);
            if (descriptor < 0) { errno = Marshal.GetLastPInvokeError(); return; }
            errno = Write(prepared);
        });
        foreach (var (path, value) in prepared) { Marshal.FreeCoTaskMem(path); Marshal.FreeCoTaskMem(value); }
        if (descriptor < 0) throw new SyscallException("unshare", (Errno)errno, "network namespace");
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (errno == 0) return handle;
        handle.Dispose();
        throw new SyscallException("write", (Errno)errno, "network settings");
    }

    /// <summary>Whether a process is in our own namespace: then it is no container's, whoever had its number before.</summary>
    public static bool IsOurs(int pid) => new FileInfo($"/proc/{pid}/ns/net").LinkTarget is not { } other || other == new FileInfo("/proc/self/ns/net").LinkTarget;

    /// <summary>The namespace a process is in.</summary>
    public static SafeFileHandle OfProcess(int pid) => File.OpenHandle($"/proc/{pid}/ns/net");

    /// <summary>A second handle to the same namespace, with a life of its own.</summary>
    public static SafeFileHandle Duplicate(SafeFileHandle networkNamespace) => File.OpenHandle($"/proc/self/fd/{networkNamespace.DangerousGetHandle()}");

    /// <summary>A socket that sends and listens in <paramref name="networkNamespace"/>, whoever uses it.</summary>
    public static Socket OpenSocket(SafeFileHandle networkNamespace, SocketType type, AddressFamily family = AddressFamily.InterNetwork)
    {
        int domain = NetlinkNative.FamilyOf(family);
        var kind = (type == SocketType.Dgram ? NetlinkNative.SockDatagram : NetlinkNative.SockStream) | NetlinkNative.SockCloseOnExec;
        var descriptor = Inside(networkNamespace, $"{type} socket", () => NetlinkNative.socket(domain, kind, 0));
        return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    /// <summary>A netlink socket that acts on <paramref name="networkNamespace"/>.</summary>
    public static NetlinkSocket OpenNetlink(SafeFileHandle networkNamespace, NetlinkFamily family)
    {
        var socket = Inside(networkNamespace, "netlink", () => NetlinkSocket.OpenRaw(family));
        return new NetlinkSocket(new SafeFileHandle(socket, ownsHandle: true));
    }

    /// <summary>Changes settings under /proc/sys/net of a namespace.</summary>
    public static void Configure(SafeFileHandle networkNamespace, params ReadOnlySpan<NetworkSetting> settings)
    {
        var prepared = Prepare(settings);
        try
        {
            var errno = Inside(networkNamespace, "network settings", () => Write(prepared));
            if (errno != 0) throw new SyscallException("write", (Errno)errno, "network settings");
        }
        finally
        {
            foreach (var (path, value) in prepared) { Marshal.FreeCoTaskMem(path); Marshal.FreeCoTaskMem(value); }
        }
    }

    /// <summary>
    /// Runs a call inside a namespace; a negative result is an error, whose errno is read at once. <paramref name="call"/> must not allocate:
    /// a collection that starts on that thread may start the collector's threads there, and they would stay in the namespace for ever.
    /// </summary>
    internal static int Inside(SafeFileHandle networkNamespace, string what, Func<int> call)
    {
        int result = -1, errno = 0;
        var held = false;
        networkNamespace.DangerousAddRef(ref held);
        try
        {
            var target = (int)networkNamespace.DangerousGetHandle();
            s_thread.Value.Run(() =>
            {
                if (NetlinkNative.setns(target, NetlinkNative.CloneNewNet) >= 0) result = call();
                if (result < 0) errno = Marshal.GetLastPInvokeError();
            });
        }
        finally { if (held) networkNamespace.DangerousRelease(); }
        return result >= 0 ? result : throw new SyscallException("open in namespace", (Errno)errno, what);
    }

    private static (nint Path, nint Value)[] Prepare(ReadOnlySpan<NetworkSetting> settings)
    {
        var prepared = new (nint, nint)[settings.Length];
        for (var i = 0; i < settings.Length; i++)
            prepared[i] = (Marshal.StringToCoTaskMemUTF8($"/proc/sys/net/{settings[i].Name}"), Marshal.StringToCoTaskMemUTF8(settings[i].Value));
        return prepared;
    }

    /// <summary>0 or an errno. A setting that this kernel does not have is passed over: IPv6 may be absent.</summary>
    private static int Write((nint Path, nint Value)[] settings)
    {
        foreach (var (path, value) in settings)
        {
            var file = OpenPath((byte*)path, NetlinkNative.OWronly);
            if (file < 0 && Marshal.GetLastPInvokeError() == (int)Errno.ENOENT) continue;
            if (file < 0) return Marshal.GetLastPInvokeError();
            var length = 0;
            while (((byte*)value)[length] != 0) length++;
            var written = Native.write(file, (byte*)value, (nuint)length);
            var errno = written < 0 ? Marshal.GetLastPInvokeError() : 0;
            _ = Native.close(file);
            if (errno != 0) return errno;
        }
        return 0;
    }

    private static int OpenPath(byte* path, int flags) => NetlinkNative.open(path, flags | NetlinkNative.OCloexec, 0);
}

/// <summary>A file under /proc/sys/net, such as <c>ipv4/ip_forward</c>.</summary>
public readonly record struct NetworkSetting(string Name, string Value);

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>Who is at the other end of a unix socket, as the kernel noted when it was connected.</summary>
public readonly record struct PeerCredentials(int Pid, uint Uid, uint Gid);

/// <summary>A unix stream socket that can pass descriptors, which .NET's own sockets cannot.</summary>
public sealed unsafe partial class UnixSocket(SafeFileHandle handle) : IDisposable
{
    private const int PathBytesMax = 107;

    public SafeFileHandle Handle { get; } = handle;

    /// <summary>Binds <paramref name="path"/>, where nothing may be yet, with mode 0600. The socket does not block.</summary>
    public static UnixSocket Listen(string path, int backlog = 128)
    {
        var socket = Create(Native.SOCK_NONBLOCK);
        try
        {
            // The mask of the process is not touched: other threads create files too. The directory is closed to others until the mode is set.
            WithAddress(path, (address, length) => Native.bind(socket.Handle, (byte*)address, length), "bind");
            Files.ChangeMode(path, 0x180);
            Native.Check(Native.listen(socket.Handle, backlog), "listen", path);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects; the socket blocks.</summary>
    public static UnixSocket Connect(string path)
    {
        var socket = Create(0);
        try
        {
            WithAddress(path, (address, length) => Native.connect(socket.Handle, (byte*)address, length), "connect");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Two connected sockets; both block.</summary>
    public static (SafeFileHandle, SafeFileHandle) Pair()
    {
        var pair = stackalloc int[2];
        Native.Check(Native.socketpair(Native.AF_UNIX, Native.SOCK_STREAM | Native.SOCK_CLOEXEC, 0, pair), "socketpair");
        return (new SafeFileHandle(pair[0], true), new SafeFileHandle(pair[1], true));
    }

    /// <summary>The next connection, which does not block; null when none waits or the one that did is gone.</summary>
    public UnixSocket? Accept()
    {
        var accepted = Native.accept4(Handle, null, null, Native.SOCK_NONBLOCK | Native.SOCK_CLOEXEC);
        if (accepted >= 0)
            return new UnixSocket(new SafeFileHandle(accepted, true));
        return (Errno)Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.ECONNABORTED or Errno.EINTR ? null : throw Failure("accept4");
    }

    public PeerCredentials Peer
    {
        get
        {
            PeerCredentials peer;
            var length = (uint)sizeof(PeerCredentials);
            Native.Check(Native.getsockopt(Handle, Native.SOL_SOCKET, Native.SO_PEERCRED, &peer, &length), "getsockopt", "SO_PEERCRED");
            return peer;
        }
    }

    /// <summary>How long a send may block before it counts as failed.</summary>
    public void SetSendTimeout(TimeSpan timeout)
    {
        var value = stackalloc long[] { (long)timeout.TotalSeconds, timeout.Microseconds + timeout.Milliseconds * 1000L };
        Native.Check(Native.setsockopt(Handle, Native.SOL_SOCKET, Native.SO_SNDTIMEO, value, 16), "setsockopt", "SO_SNDTIMEO");
    }

    /// <summary>No more is sent; the other end reads to the end.</summary>
    public void CloseWrite() => Native.shutdown(Handle, 1);

    /// <summary>Wakes whoever is blocked on this socket, here and at the other end.</summary>
    public void Shutdown() => Native.shutdown(Handle, 2);

    public void Dispose() => Handle.Dispose();

    private static UnixSocket Create(int flags) => new(new SafeFileHandle(
        Native.Check(Native.socket(Native.AF_UNIX, Native.SOCK_STREAM | Native.SOCK_CLOEXEC | flags, 0), "socket"), true));

    private static SyscallException Failure(string call) => new(call, (Errno)Marshal.GetLastPInvokeError());

    private delegate int AddressCall(nint address, uint length);

    private static void WithAddress(string path, AddressCall call, string name)
    {
        // A socket's address holds 107 bytes. A longer path is reached through its directory's descriptor.
        using var directory = Encoding.UTF8.GetByteCount(path) > PathBytesMax
            ? PathDescriptor.Open(null, Path.GetDirectoryName(path)!, OpenFlags.Path | OpenFlags.Directory) : null;
        var text = directory is null ? path : $"/proc/self/fd/{(int)directory.DangerousGetHandle()}/{Path.GetFileName(path)}";
        Span<byte> address = stackalloc byte[2 + PathBytesMax + 1];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, Native.AF_UNIX);
        if (!Encoding.UTF8.TryGetBytes(text, address[2..^1], out var bytes))
            throw new SyscallException(name, Errno.ENAMETOOLONG, path);
        fixed (byte* start = address)
            Native.Check(call((nint)start, (uint)(2 + bytes + 1)), name, path);
    }
}

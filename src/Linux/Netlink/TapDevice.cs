using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Netlink;

/// <summary>An interface whose other end is a program instead of a cable (tun.rst of the kernel's documentation), as virtual machines have them.</summary>
public static unsafe class TapDevice
{
    private const nuint SetInterface = 0x400454CA, SetPersistent = 0x400454CB, SetOwner = 0x400454CC;
    private const int InterfaceRequestBytes = 40, NameBytesMax = 15;
    private const ushort Tap = 2, WithoutHeader = 0x1000, WithVirtioHeader = 0x4000;

    /// <summary>Makes one that stays in the namespace. The program opens it by its name, without privileges when it runs as <paramref name="owner"/>.</summary>
    /// <exception cref="SyscallException">ENOENT where the kernel has no tun driver.</exception>
    public static void Create(SafeFileHandle networkNamespace, string name, uint owner)
    {
        var request = (byte*)NativeMemory.AllocZeroed(InterfaceRequestBytes);
        var path = Marshal.StringToCoTaskMemUTF8("/dev/net/tun");
        try
        {
            for (var i = 0; i < Math.Min(name.Length, NameBytesMax); i++) request[i] = (byte)name[i];
            *(ushort*)(request + 16) = Tap | WithoutHeader | WithVirtioHeader;
            NetworkNamespace.Inside(networkNamespace, $"tap {name}", () =>
            {
                var tun = NetlinkNative.open((byte*)path, OpenFlags.ReadWrite | NetlinkNative.OCloexec, 0);
                if (tun < 0) return tun;
                var result = NetlinkNative.ioctl(tun, SetInterface, request);
                if (result >= 0) result = NetlinkNative.ioctl(tun, SetOwner, (void*)owner);
                if (result >= 0) result = NetlinkNative.ioctl(tun, SetPersistent, (void*)1);
                var errno = Marshal.GetLastPInvokeError();
                _ = Native.close(tun);
                Marshal.SetLastPInvokeError(errno);
                return result;
            });
        }
        finally
        {
            Marshal.FreeCoTaskMem(path);
            NativeMemory.Free(request);
        }
    }
}

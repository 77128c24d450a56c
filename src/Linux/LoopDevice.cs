using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>A file as a block device (loop(4)).</summary>
public static unsafe class LoopDevice
{
    private const nuint GetFree = 0x4C82, Configure = 0x4C0A;
    private const uint ReadOnly = 1, AutoClear = 4;
    private const int TriesMax = 64;

    /// <summary>
    /// Attaches a file to a free loop device and gives its path and the descriptor that holds it. The device lets go of the file when nothing has it open or mounted any
    /// more, so close the descriptor once it is mounted.
    /// </summary>
    public static (string Path, SafeFileHandle Held) Attach(string file, bool readOnly = false)
    {
        using var backing = PathDescriptor.Open(null, file, readOnly ? OpenFlags.ReadOnly : OpenFlags.ReadWrite);
        using var control = PathDescriptor.Open(null, "/dev/loop-control", OpenFlags.ReadWrite);
        for (var attempt = 0; ; attempt++)
        {
            var number = (int)Native.Check(Native.ioctl(control, GetFree, null), "ioctl", "LOOP_CTL_GET_FREE");
            var path = string.Create(CultureInfo.InvariantCulture, $"/dev/loop{number}");
            var device = PathDescriptor.Open(null, path, readOnly ? OpenFlags.ReadOnly : OpenFlags.ReadWrite);
            var config = new LoopConfig { Descriptor = (uint)backing.DangerousGetHandle(), Flags = AutoClear | (readOnly ? ReadOnly : 0) };
            // For losetup and lsblk to show.
            var name = Encoding.UTF8.GetBytes(file);
            name.AsSpan(0, Math.Min(name.Length, LoopConfig.NameBytes - 1)).CopyTo(new Span<byte>(config.FileName, LoopConfig.NameBytes));
            if (Native.ioctl(device, Configure, &config) == 0) return (path, device);
            var errno = (Errno)Marshal.GetLastPInvokeError();
            device.Dispose();
            // Somebody else took the free one first.
            if (errno != Errno.EBUSY || attempt == TriesMax) throw new SyscallException("ioctl", errno, $"LOOP_CONFIGURE {file}");
        }
    }

    // struct loop_config of linux/loop.h, with its struct loop_info64.
    [StructLayout(LayoutKind.Sequential)]
    private struct LoopConfig
    {
        internal const int NameBytes = 64;

        internal uint Descriptor;
        internal uint BlockSize;
        internal ulong Device, Inode, RealDevice, Offset, SizeLimit;
        internal uint Number, EncryptType, EncryptKeySize, Flags;
        internal fixed byte FileName[NameBytes];
        internal fixed byte CryptName[64];
        internal fixed byte EncryptKey[32];
        internal fixed ulong Init[2];
        internal fixed ulong Reserved[8];
    }
}

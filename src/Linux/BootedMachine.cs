using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>What the first process of a machine does for it, and nobody else.</summary>
public static unsafe partial class BootedMachine
{
    private const int PowerOffCommand = 0x4321FEDC;

    /// <summary>Loads a kernel module (finit_module(2)) that needs none that is not loaded yet. One that is there already is fine.</summary>
    public static void LoadModule(SafeHandle file, string name)
    {
        fixed (byte* parameters = "\0"u8)
            if (Native.syscall(SyscallNumber.Of(Syscall.finit_module), file.DangerousGetHandle(), (long)parameters) < 0 && (Errno)Marshal.GetLastPInvokeError() is var errno and not Errno.EEXIST)
                throw new SyscallException("finit_module", errno, name);
    }

    /// <summary>Waits until all that was written is on the disks.</summary>
    public static void Sync() => sync();

    /// <summary>Does not return where there is a machine to switch off.</summary>
    public static void PowerOff() => _ = reboot(PowerOffCommand);

    [LibraryImport("libc")]
    private static partial void sync();

    [LibraryImport("libc")]
    private static partial int reboot(int command);
}

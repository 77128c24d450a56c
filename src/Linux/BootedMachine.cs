using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>What the first process of a machine does for it, and nobody else.</summary>
public static unsafe partial class BootedMachine
{
    private const int PowerOffCommand = 0x4321FEDC, WallClock = 0;
    private const nuint AddEntropyRequest = 0x40085203, ReseedRequest = 0x5207;

    /// <summary>Loads a kernel module (finit_module(2)) that needs none that is not loaded yet. One that is there already is fine.</summary>
    public static void LoadModule(SafeHandle file, string name)
    {
        fixed (byte* parameters = "\0"u8)
            if (Native.syscall(SyscallNumber.Of(Syscall.finit_module), file.DangerousGetHandle(), (long)parameters) < 0 && (Errno)Marshal.GetLastPInvokeError() is var errno and not Errno.EEXIST)
                throw new SyscallException("finit_module", errno, name);
    }

    /// <summary>Mixes secret bytes into the kernel's randomness, which draws from them at once (random(4)): what two machines were before, from here on they differ.</summary>
    public static void AddEntropy(ReadOnlySpan<byte> secret)
    {
        // struct rand_pool_info: how many bits they are worth, how many bytes follow.
        var pool = new byte[8 + secret.Length];
        BitConverter.TryWriteBytes(pool, secret.Length * 8);
        BitConverter.TryWriteBytes(pool.AsSpan(4), secret.Length);
        secret.CopyTo(pool.AsSpan(8));
        using var random = PathDescriptor.Open(null, "/dev/urandom", OpenFlags.WriteOnly | OpenFlags.CloseOnExec);
        fixed (byte* start = pool) Native.Check(Native.ioctl(random, AddEntropyRequest, start), "ioctl", "RNDADDENTROPY");
        Native.Check(Native.ioctl(random, ReseedRequest, null), "ioctl", "RNDRESEEDCRNG");
    }

    /// <param name="nanoseconds">Since 1970, UTC.</param>
    public static void SetClock(long nanoseconds)
    {
        var time = stackalloc long[] { nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000 };
        Native.Check(clock_settime(WallClock, time), "clock_settime");
    }

    /// <summary>Waits until all that was written is on the disks.</summary>
    public static void Sync() => sync();

    /// <summary>Does not return where there is a machine to switch off.</summary>
    public static void PowerOff() => _ = reboot(PowerOffCommand);

    [LibraryImport("libc")]
    private static partial void sync();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_settime(int clock, long* time);

    [LibraryImport("libc")]
    private static partial int reboot(int command);
}

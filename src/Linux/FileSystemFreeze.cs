using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>Holds up all who write to a file system, so that what is read of it is of one moment (ioctl FIFREEZE, fsfreeze(8)).</summary>
public static unsafe class FileSystemFreeze
{
    private const nuint Freeze = 0xC0045877, Thaw = 0xC0045878;

    /// <param name="directory">Any of the file system. Until somebody thaws it, writers wait where no signal reaches them.</param>
    public static void Begin(SafeFileHandle directory) => Native.Check(Native.ioctl(directory, Freeze, null), "ioctl", "FIFREEZE");

    /// <summary>It is no error when it was not frozen.</summary>
    public static void End(SafeFileHandle directory) => _ = Native.ioctl(directory, Thaw, null);
}

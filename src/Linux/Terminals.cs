using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>What is asked of a terminal by its master (ioctl_tty(2)).</summary>
public static unsafe class Terminals
{
    private const nuint SetWindowSize = 0x5414, OpenPeer = 0x5441;

    /// <summary>The programs in the terminal are told by SIGWINCH when it changes.</summary>
    public static void Resize(SafeHandle master, ushort rows, ushort columns)
    {
        var size = stackalloc ushort[] { rows, columns, 0, 0 };
        Native.Check(Native.ioctl(master, SetWindowSize, size), "ioctl", "TIOCSWINSZ");
    }

    /// <summary>The terminal's other side, without a path, so whatever the container has done to its /dev (Linux 4.13).</summary>
    public static SafeFileHandle OpenSlave(SafeHandle master) => new(Native.Check(
        Native.ioctl(master, OpenPeer, (void*)(OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec)), "ioctl", "TIOCGPTPEER"), true);
}

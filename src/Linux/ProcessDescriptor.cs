using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>How a process ended: <see cref="Signal"/> is 0 when it exited by itself.</summary>
public readonly record struct ProcessExit(int Status, int Signal)
{
    /// <summary>As shells and engines count: the exit status, or 128 and the signal.</summary>
    public int Code => Signal == 0 ? Status : 128 + Signal;
}

/// <summary>Processes by pidfd (pidfd_open(2)): the process it names can never become another.</summary>
public static unsafe class ProcessDescriptor
{
    private const int WaitByPidFd = 3, Exited = 4, NoHang = 1, NoReap = 0x01000000;

    /// <exception cref="SyscallException">ESRCH: there is no such process.</exception>
    public static SafeFileHandle Open(int pid) => new((nint)Native.Check(Native.syscall((long)Syscall.pidfd_open, pid, 0), "pidfd_open", $"{pid}"), ownsHandle: true);

    /// <summary>Whether the process has ended, be it that its parent has not taken note yet; any process, not only a child.</summary>
    public static bool HasEnded(SafeHandle process)
    {
        Span<PollEntry> entry = [new PollEntry((int)process.DangerousGetHandle(), PollEvents.Readable)];
        return Yun.Linux.Poll.Wait(entry, 0) > 0;
    }

    /// <summary>ESRCH when the process has ended and its parent has taken note.</summary>
    public static Errno Signal(SafeHandle process, int signal) =>
        Native.syscall((long)Syscall.pidfd_send_signal, process.DangerousGetHandle(), signal) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>To all of a process group, whose leader has not been reaped: so the number is still its own.</summary>
    public static void SignalGroup(int leader, int signal) => _ = Native.syscall(SyscallNumber.Of(Syscall.kill), -leader, signal);

    /// <summary>Waits for a child and reaps it.</summary>
    public static ProcessExit Wait(SafeHandle child) => WaitFor(child, Exited) ?? throw new InvalidOperationException("waitid answered without a child.");

    /// <summary>Looks whether a child has ended; reaps it only when asked. Null while it runs.</summary>
    public static ProcessExit? Poll(SafeHandle child, bool reap) => WaitFor(child, Exited | NoHang | (reap ? 0 : NoReap));

    private static ProcessExit? WaitFor(SafeHandle child, int options)
    {
        const int exitedByItself = 1;
        var information = stackalloc int[32];
        long result;
        do
        {
            information[4] = 0;
            result = Native.syscall(SyscallNumber.Of(Syscall.waitid), WaitByPidFd, child.DangerousGetHandle(), (long)information, options);
        }
        while (result < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR);
        Native.Check(result, "waitid");
        // siginfo_t: si_code at 8, si_pid at 16 (padding aligned), si_status at 24.
        if (information[3 + 1] == 0 && (options & NoHang) != 0) return null;
        return information[2] == exitedByItself ? new ProcessExit(information[6], 0) : new ProcessExit(0, information[6] & 0x7f);
    }
}

using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>Signals by number, to processes by pid.</summary>
public static unsafe class Signals
{
    /// <summary>ESRCH when there is no such process. Prefer a pidfd for a process that is not a child of the caller.</summary>
    public static Errno Send(int pid, int signal) =>
        Native.syscall(SyscallNumber.Of(Syscall.kill), pid, signal) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>Sets the calling thread's signal mask and gives back the one before; bit n-1 is signal n.</summary>
    public static ulong SetMask(ulong mask)
    {
        const int setMask = 2;
        ulong before;
        Native.Check(Native.syscall(SyscallNumber.Of(Syscall.rt_sigprocmask), setMask, (long)&mask, (long)&before, sizeof(ulong)), "rt_sigprocmask");
        return before;
    }
}

namespace Yun.Linux;

/// <summary>Ended children of this process, whoever they are.</summary>
public static unsafe class Children
{
    private const int Any = 0, ByPid = 1, Exited = 4, NoHang = 1, NoReap = 0x01000000;

    /// <summary>The pid of a child that has ended and was not reaped, without reaping it; 0 when there is none.</summary>
    public static int FindEnded() => Wait(Any, 0, Exited | NoHang | NoReap);

    /// <summary>Takes note of a child's end, for which nobody else waits.</summary>
    public static void Reap(int pid) => Wait(ByPid, pid, Exited | NoHang);

    private static int Wait(int kind, int id, int options)
    {
        var information = stackalloc int[32];
        information[4] = 0;
        return Native.syscall(SyscallNumber.Of(Syscall.waitid), kind, id, (long)information, options) == 0 ? information[4] : 0;
    }
}

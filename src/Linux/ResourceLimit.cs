namespace Yun.Linux;

/// <summary>This process's own resource limits, which bound those it can give.</summary>
public static unsafe class ResourceLimit
{
    /// <summary>RLIMIT_* by number; the same on x86-64 and arm64.</summary>
    public const int OpenFiles = 7, LockedMemory = 8;

    /// <summary>The hard limit.</summary>
    public static ulong Hard(int resource)
    {
        var limits = stackalloc ulong[2];
        Native.Check(Native.syscall(SyscallNumber.Of(Syscall.prlimit64), 0, resource, 0, (long)limits), "prlimit64");
        return limits[1];
    }
}

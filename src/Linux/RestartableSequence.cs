namespace Yun.Linux;

/// <summary>The area that glibc registered with rseq(2) for the calling thread.</summary>
public static unsafe class RestartableSequence
{
    /// <summary>What glibc signs its areas with.</summary>
    public const uint Signature = 0x53053053;
    /// <summary>The size it registers them with, and a multiple of their alignment, in bytes.</summary>
    public const int Size = 32;
    private const int Register = 0, Unregister = 1;

    /// <summary>
    /// Its address, or null when there is none (glibc before 2.35, or rseq switched off). x86-64 only. It is in the thread's control block or in
    /// its thread-local storage, and libc tells where only to those who link to it while they run; the kernel knows it by its address alone.
    /// </summary>
    public static nint? Area
    {
        get
        {
            const int getFs = 0x1003, range = 4096;
            nint threadPointer;
            Native.Check(Native.syscall((long)Syscall.arch_prctl, getFs, (long)&threadPointer), "arch_prctl");
            for (var area = (threadPointer - range) & -Size; area <= threadPointer + range; area += Size)
            {
                if (Call(area, Unregister) != 0) continue;
                Native.Check(Call(area, Register), "rseq");
                return area;
            }
            return null;
        }
    }

    private static long Call(nint area, int flags) => Native.syscall((long)Syscall.rseq, area, Size, flags, Signature);
}

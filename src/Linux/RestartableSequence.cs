using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>The area that glibc registered with rseq(2) for the calling thread.</summary>
public static unsafe class RestartableSequence
{
    /// <summary>Its address, or null when there is none (glibc before 2.35, or rseq switched off). x86-64 only.</summary>
    public static nint? Area
    {
        get
        {
            const int getFs = 0x1003;
            if (!NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "__rseq_offset", out var offset)) return null;
            if (NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "__rseq_size", out var size) && *(uint*)size == 0) return null;
            nint threadPointer;
            Native.Check(Native.syscall((long)Syscall.arch_prctl, getFs, (long)&threadPointer), "arch_prctl");
            return threadPointer + *(nint*)offset;
        }
    }
}

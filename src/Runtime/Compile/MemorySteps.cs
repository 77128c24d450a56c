using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>A child that goes where others may look into it first gives its copy of our memory back.</summary>
internal static unsafe class MemorySteps
{
    // Everything below and above the program goes; what is left is the walker's page and the program itself. The kernel writes to a registered
    // rseq area whenever it schedules the thread, so that must be given back first, and where that cannot be done the memory stays.
    public static void LetGo(SyscallProgram program)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) return;
        const long addressSpaceEnd = 0x7ffffffff000, signature = 0x53053053;
        if (RestartableSequence.Area is { } area)
            program.Add("give back the rseq area", Syscall.rseq, Argument.Memory((void*)area, "rseq"), 32, Argument.Flags(1, "UNREGISTER"), signature).Tolerate([Errno.EINVAL, Errno.EPERM, Errno.ENOSYS], skip: 2);
        program.Add("let go of memory", Syscall.munmap, 0, Argument.Memory((void*)program.Arena.Code, "all below"));
        program.Add("let go of memory", Syscall.munmap, Argument.Memory((void*)program.Arena.End, "all above"), Argument.Memory((void*)(addressSpaceEnd - program.Arena.End), "its size"));
    }
}

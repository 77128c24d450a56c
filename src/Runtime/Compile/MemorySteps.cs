using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>
/// A child that goes where others may look into it first gives its copy of our memory back, and our program's file with it: who opens
/// <c>/proc/PID/exe</c> before the process has become another program finds an empty sealed file (CVE-2016-9962, CVE-2019-5736).
/// </summary>
internal static unsafe class MemorySteps
{
    private const int SetDumpable = 4, SetMemory = 35, SetMemoryMap = 14;

    /// <param name="exe">An open, sealed, executable file to take our program's place; -1 leaves it.</param>
    public static void LetGo(SyscallProgram program, int exe)
    {
        program.Add("let nobody look inside", Syscall.prctl, Argument.Flags(SetDumpable, "PR_SET_DUMPABLE"), 0);
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) return;
        GiveBack(program);
        if (exe < 0) return;
        var code = (ulong)program.Arena.Code;
        var map = program.Arena.Place(new MemoryMap
        {
            StartCode = code, EndCode = code + 1, StartData = code, EndData = code, StartBreak = code, Break = code, StartStack = code,
            ArgumentsStart = code, ArgumentsEnd = code, EnvironmentStart = code, EnvironmentEnd = code, Exe = (uint)exe,
        });
        // A kernel without checkpoint/restore has no such call.
        program.Add("let go of the program's file", Syscall.prctl, Argument.Flags(SetMemory, "PR_SET_MM"), Argument.Flags(SetMemoryMap, "PR_SET_MM_MAP"), Argument.Memory(map, "exe: a sealed empty file"), sizeof(MemoryMap), 0).Tolerate([Errno.EINVAL, Errno.EPERM, Errno.EBUSY]);
    }

    // Everything below and above the program goes; what is left is the walker's page and the program itself. The kernel writes to a registered
    // rseq area whenever it schedules the thread, so that must be given back first, and where that cannot be done the memory stays.
    private static void GiveBack(SyscallProgram program)
    {
        const long addressSpaceEnd = 0x7ffffffff000;
        if (RestartableSequence.Area is { } area)
            program.Add("give back the rseq area", Syscall.rseq, Argument.Memory((void*)area, "rseq"), RestartableSequence.Size, Argument.Flags(1, "UNREGISTER"), RestartableSequence.Signature).Tolerate([Errno.EINVAL, Errno.EPERM, Errno.ENOSYS], skip: 2);
        program.Add("let go of memory", Syscall.munmap, 0, Argument.Memory((void*)program.Arena.Code, "all below"));
        program.Add("let go of memory", Syscall.munmap, Argument.Memory((void*)program.Arena.End, "all above"), Argument.Memory((void*)(addressSpaceEnd - program.Arena.End), "its size"));
    }

    // struct prctl_mm_map of linux/prctl.h.
    [StructLayout(LayoutKind.Sequential)]
    private struct MemoryMap
    {
        public ulong StartCode, EndCode, StartData, EndData, StartBreak, Break, StartStack, ArgumentsStart, ArgumentsEnd, EnvironmentStart, EnvironmentEnd, Auxiliary;
        public uint AuxiliarySize, Exe;
    }
}

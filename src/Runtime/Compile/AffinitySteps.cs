using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary><c>process.execCPUAffinity</c>: where a process that joins may run, before it is in the container's cgroup and after.</summary>
internal static unsafe class AffinitySteps
{
    private const int CpusMax = 8192;

    public static void Add(CompileContext context, string? cpus, string field)
    {
        if (cpus is not { Length: > 0 }) return;
        var mask = NumberList.Mask(context.Program, cpus, CpusMax, field);
        context.Program.Add($"run on the CPUs {cpus}", Syscall.sched_setaffinity, 0, CpusMax / 8, Argument.Memory(mask, cpus));
    }
}

using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>Where a process may run: a new one wherever its cgroup lets it, one that joins as <c>process.execCPUAffinity</c> says, before it is in the container's cgroup and after.</summary>
internal static unsafe class AffinitySteps
{
    private const int CpusMax = 8192;

    public static void Add(CompileContext context, string? cpus, string field)
    {
        if (cpus is not { Length: > 0 }) return;
        var mask = NumberList.Mask(context.Program, cpus, CpusMax, field);
        context.Program.Add($"run on the CPUs {cpus}", Syscall.sched_setaffinity, 0, CpusMax / 8, Argument.Memory(mask, cpus));
    }

    /// <summary>Whoever starts a container may be bound to some CPUs, and the container is not. The kernel takes away those that its cgroup has not.</summary>
    public static void Reset(CompileContext context)
    {
        var mask = context.Program.Arena.Allocate(CpusMax / 8);
        new Span<byte>(mask, CpusMax / 8).Fill(0xff);
        context.Program.Add("run on all the cgroup's CPUs", Syscall.sched_setaffinity, 0, CpusMax / 8, Argument.Memory(mask, "all")).Tolerate([Errno.EPERM, Errno.EINVAL]);
    }
}

using Yun.Linux.Cgroups;

namespace Yun.Runtime.Commands;

/// <summary><c>pause ID</c> and <c>resume ID</c>.</summary>
internal static class FreezeCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings, bool frozen)
    {
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        var status = state.Status(settings);
        if (status != (frozen ? "running" : "paused")) throw new UsageException($"container {state.Id} is {status}; it must be {(frozen ? "running" : "paused")}");
        Cgroup.At(state.CgroupPath).Freeze(frozen);
        return 0;
    }
}

using Yun.Linux.Cgroups;

namespace Yun.Runtime.Commands;

/// <summary><c>ps ID</c>: the pids of a container's processes, as the host counts them.</summary>
internal static class PsCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        foreach (var pid in Cgroup.At(state.CgroupPath).Processes()) Console.Out.WriteLine(pid);
        return 0;
    }
}

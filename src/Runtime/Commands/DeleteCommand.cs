using System.Diagnostics;
using Yun.Linux;
using Yun.Linux.Cgroups;

namespace Yun.Runtime.Commands;

/// <summary><c>delete ID</c>: removes what is left of a stopped container; <c>--force</c> kills it first, and is content when there is none.</summary>
internal static class DeleteCommand
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var force = false;
        bool Take(string name, Func<string> value) => name is "--force" or "-f" && (force = true);
        line.Options(Take);
        var id = line.Required("the container's id");
        line.Options(Take);
        ContainerState state;
        try { state = ContainerState.Load(settings, id); }
        catch (UsageException) when (force)
        {
            ContainerState.Forget(settings, id);
            return 0;
        }
        var status = state.Status(settings);
        if (status != "stopped" && !force) throw new UsageException($"container {id} is {status}; stop it first, or use --force");
        Remove(state, settings);
        return 0;
    }

    public static void Remove(ContainerState state, RuntimeSettings settings)
    {
        var cgroup = Cgroup.At(state.CgroupPath);
        var since = Stopwatch.GetTimestamp();
        while (!cgroup.TryRemove())
        {
            if (cgroup.IsFrozen) cgroup.Freeze(false);
            cgroup.Kill();
            if (Stopwatch.GetElapsedTime(since) > s_patience) throw new UsageException($"container {state.Id} has processes that do not die; its cgroup is {state.CgroupPath}");
            Thread.Sleep(1);
        }
        ContainerState.Forget(settings, state.Id);
    }
}

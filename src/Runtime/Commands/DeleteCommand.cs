using System.Diagnostics;
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
        if (ContainerState.TryLoad(settings, id) is not { } state)
        {
            // A create that was killed leaves a directory without a state: the cgroup it names holds all that was made.
            var cgroup = ContainerState.ReservedCgroup(settings, id);
            if (!force && cgroup is null) throw new UsageException($"container {id} does not exist");
            if (!force) throw new UsageException($"container {id} was never finished; use --force");
            if (cgroup is not null) Remove(id, Cgroup.At(cgroup));
            ContainerState.Forget(settings, id);
            return 0;
        }
        var status = state.Status(settings);
        if (status != "stopped" && !force) throw new UsageException($"cannot delete container {id} that is not stopped: {status}");
        Remove(state, settings);
        return 0;
    }

    public static void Remove(ContainerState state, RuntimeSettings settings)
    {
        Remove(state.Id, Cgroup.At(state.CgroupPath));
        HostMount.Detach(state.Rootfs, state.RootMount);
        ContainerState.Forget(settings, state.Id);
        if (state.HasHooks) ContainerHooks.Stopped(state);
    }

    private static void Remove(string id, Cgroup cgroup)
    {
        var since = Stopwatch.GetTimestamp();
        while (!cgroup.TryRemove())
        {
            if (cgroup.IsFrozen) cgroup.Freeze(false);
            cgroup.Kill();
            if (Stopwatch.GetElapsedTime(since) > s_patience) throw new UsageException($"container {id} has processes that do not die; its cgroup is {cgroup.Path}");
            Thread.Sleep(1);
        }
    }
}

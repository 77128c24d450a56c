using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Node.Containers;
using Yun.Node.Keeper;
using Yun.Node.Machines;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node;

// What a daemon does when it starts: the containers may have run, ended or been half made while there was none. Every resource is named after its
// owner, so what nobody owns is what is there minus what is wanted.
public sealed partial class Engine
{
    private HashSet<string> _told = [];

    private async Task TakeUpAsync(CancellationToken cancel)
    {
        var kept = (await Keeper.ListAsync(cancel)).ToDictionary(process => process.ProcessId);
        _told = [.. kept.Keys];
        var containers = Containers.List();
        foreach (var container in containers)
        {
            if (!Directory.Exists(container.Directory)) await ForgetAsync(container);
            else container.TakeUp(kept.GetValueOrDefault(container.Id));
        }
        containers = Containers.List();
        await Machines.RemoveLeftoversAsync();
        var machines = Machines.List();
        foreach (var machine in machines) await machine.TakeUpAsync(kept.GetValueOrDefault(machine.Id));
        // Of one that ended meanwhile there is no process any more whose network could be taken up.
        var live = containers.Where(c => c.HasProcess).ToList();
        await Networks.ReconcileAsync([.. live.Select(c => new LiveContainer(c.Id, c.State.Pid)), .. machines.Where(machine => machine.HasProcess).Select(machine => new LiveContainer(machine.Id, machine.State.Pid))], cancel);
        foreach (var container in live) Volumes.Use(container.Id, container.Record.Mounts);
        RemoveLeftovers(containers, machines);
        EndUnknown(kept.Values, [.. containers.Select(c => c.Id), .. machines.Select(machine => machine.Id)]);
        Keeper.Exited += OnExited;
        Keeper.Lost += OnKeeperLost;
        foreach (var container in containers) await container.FinishTakingUpAsync();
        foreach (var machine in machines) await machine.FinishTakingUpAsync();
        Track(CollectImagesAsync());
    }

    /// <summary>The keeper knows how it ended, and tells it: then nobody else need find out.</summary>
    internal bool Keeps(string processId) => _told.Contains(processId);

    // As long as a registry keeps what its clients have not finished.
    private static readonly TimeSpan s_unfinishedKept = TimeSpan.FromDays(1), s_collectEvery = TimeSpan.FromHours(1);

    private async Task CollectImagesAsync()
    {
        using var timer = new PeriodicTimer(s_collectEvery, Time);
        try
        {
            do
            {
                try { await Images.CollectAsync(s_unfinishedKept, Stopping); }
                catch (Exception error) when (error is EngineException or IOException) { Log.Warn($"Images nobody needs were not collected: {error.Message}"); }
            }
            while (await timer.WaitForNextTickAsync(Stopping));
        }
        catch (OperationCanceledException) { }
    }

    private async Task ForgetAsync(Container container)
    {
        Log.Warn($"Container {container.Id} has a record and no directory: its removal was cut short, and is finished now.");
        await Volumes.ReleaseAsync(container.Id, container.Record.Mounts, removeAnonymous: false);
        Containers.Forget(container);
        await Containers.DeleteAsync(container.Id);
    }

    private void RemoveLeftovers(IReadOnlyList<Container> containers, IReadOnlyList<Machine> machines)
    {
        var known = containers.Select(c => c.Id).ToHashSet();
        foreach (var directory in Directory.EnumerateDirectories(Options.ContainersDirectory))
            if (!known.Contains(Path.GetFileName(directory))) Trash.Throw(directory);
        var live = containers.Where(c => c.State.IsLive).Select(c => c.Id).Concat(machines.Where(machine => machine.State.IsLive).Select(machine => machine.Id)).ToHashSet();
        foreach (var hierarchy in CgroupLayout.Machine.Hierarchies)
        {
            var top = Path.Combine(hierarchy.MountPoint, Options.CgroupName);
            if (!Directory.Exists(top)) continue;
            foreach (var directory in Directory.GetDirectories(top))
                if (!live.Contains(Path.GetFileName(directory))) RemoveCgroup(Path.GetFileName(directory));
        }
    }

    private void RemoveCgroup(string name)
    {
        var cgroup = Cgroup.At($"/{Options.CgroupName}/{name}");
        try
        {
            if (cgroup.TryRemove()) return;
            cgroup.Kill();
            Track(RetryAsync());
        }
        catch (SyscallException error) { Log.Warn($"The cgroup {cgroup.Path} of no container cannot be emptied: {error.Message}"); }

        async Task RetryAsync()
        {
            for (var wait = 1; wait < 2000 && !cgroup.TryRemove(); wait *= 2) await Task.Delay(wait);
        }
    }

    /// <summary>Processes of containers that are no more: a start that the last daemon did not live to record belongs to one that is.</summary>
    private void EndUnknown(IEnumerable<KeptProcess> kept, HashSet<string> known)
    {
        foreach (var process in kept)
        {
            if (known.Contains(process.ContainerId) && !process.Exec) continue;
            // Nobody is left who could ask how an exec of the last daemon's ended; one that runs may run.
            if (process.Exec && process.Exit is null && known.Contains(process.ContainerId)) continue;
            Track(EndAsync(process));
        }
    }

    private async Task EndAsync(KeptProcess process)
    {
        try
        {
            if (process.Exit is null)
            {
                var exit = Exits.Expect(process.ProcessId);
                await Keeper.SignalAsync(process.ProcessId, 9);
                await exit.WaitAsync(TimeSpan.FromSeconds(10), Stopping);
            }
            await Keeper.ForgetAsync(process.ProcessId);
        }
        catch (Exception error) when (error is EngineException or TimeoutException or OperationCanceledException) { Log.Warn($"Process {process.ProcessId} of no container is left: {error.Message}"); }
    }
}

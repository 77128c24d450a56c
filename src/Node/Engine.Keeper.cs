using Yun.Node.Keeper;
using Yun.Protocol;

namespace Yun.Node;

public sealed partial class Engine
{
    private readonly List<KeeperClient> _deadKeepers = [];

    // Called from the keeper's own loop: what takes time is done elsewhere.
    private void OnExited(KeeperExit exit)
    {
        if (Exits.Tell(exit)) return;
        // Of a process beside a container's first that the last daemon started, nobody waits for the end.
        if (exit.ProcessId != exit.ContainerId) Track(ForgetAsync(exit));
        else if (Containers.TryFind(exit.ContainerId) is { } container) Track(Task.Run(() => container.OnExitedAsync(exit)));
        else if (Machines.TryFind(exit.ContainerId) is { } machine) Track(Task.Run(() => machine.OnExitedAsync(exit)));
    }

    private async Task ForgetAsync(KeeperExit exit)
    {
        try { await Keeper.ForgetAsync(exit.ProcessId); }
        catch (EngineException error) { Log.Debug($"The keeper still knows of process {exit.ProcessId}: {error.Message}"); }
    }

    private void OnKeeperLost(EngineException loss)
    {
        Log.Error($"The keeper is gone: {loss.Message} Containers run on without their logs; another keeper is started for new ones.");
        Track(Task.Run(ReplaceKeeperAsync));
    }

    private async Task ReplaceKeeperAsync()
    {
        // The dead one's client holds the reading ends of the containers' output: closed, the next thing they write would kill them.
        _deadKeepers.Add(Keeper);
        try
        {
            // First those that run: whatever becomes of the next keeper, their end must be seen.
            foreach (var container in Containers.List()) await container.OnKeeperLostAsync();
            foreach (var machine in Machines.List()) await machine.OnKeeperLostAsync();
            var next = await StartNextKeeperAsync();
            Keeper = next;
            next.Exited += OnExited;
            next.Lost += OnKeeperLost;
        }
        catch (EngineException error) { Log.Error($"No new keeper: {error.Message} Containers cannot be started until the daemon is restarted."); }
        catch (OperationCanceledException) { }
    }

    /// <summary>The dead one may still be in the middle of dying, with its socket open.</summary>
    private async Task<KeeperClient> StartNextKeeperAsync()
    {
        const int triesMax = 5;
        for (var tries = 1; ; tries++)
        {
            try { return await KeeperClient.ConnectOrStartAsync(KeeperOptions, Stopping); }
            catch (EngineException error) when (tries < triesMax) { Log.Warn($"The next keeper is not there yet: {error.Message}"); }
            await Task.Delay(TimeSpan.FromMilliseconds(200 * tries), Time, Stopping);
        }
    }

    private async ValueTask CloseKeeperAsync()
    {
        // A keeper with nothing to keep is not left behind; with something, it is what the next daemon takes up.
        try
        {
            var kept = await Keeper.ListAsync();
            // Whoever would have taken note of these was interrupted by the stop.
            var ended = kept.Where(process => process.Exec && process.Exit is not null).ToList();
            foreach (var process in ended) await Keeper.ForgetAsync(process.ProcessId);
            if (Containers.List().All(c => !c.State.IsLive) && Machines.List().All(machine => !machine.State.IsLive) && ended.Count == kept.Count)
            {
                await Keeper.StopAsync();
                File.Delete(KeeperOptions.LogPath);
                // The one above the containers' cgroups; it stays while one of them does.
                Linux.Cgroups.Cgroup.At("/" + Options.CgroupName).TryRemove();
            }
        }
        catch (EngineException error) { Log.Debug($"The keeper stays: {error.Message}"); }
        await Keeper.DisposeAsync();
        foreach (var dead in _deadKeepers) await dead.DisposeAsync();
    }
}

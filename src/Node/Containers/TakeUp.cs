using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Keeper;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    private const int UnknownExitCode = 255;
    private static readonly TimeSpan s_orphanLook = TimeSpan.FromMilliseconds(500);

    /// <summary>A first process that runs and has lost its keeper: it can be signalled, its end can be seen, its exit code cannot be known.</summary>
    private SafeFileHandle? Orphan { get; set; }

    /// <summary>Its first process exists, as far as this daemon knows.</summary>
    internal bool HasProcess => Process is not null || Orphan is not null;

    /// <summary>Brings the record to what is true now, as the daemon starts. Nothing else knows the container yet.</summary>
    internal void TakeUp(KeptProcess? kept)
    {
        try { UseImage(Image); }
        catch (EngineException error) { Engine.Log.Warn($"Container {Name} has lost its image: {error.Message}"); }
        if (kept is { Exit: null })
        {
            Process = kept;
            // The last daemon died between the start and its record.
            if (!State.IsLive || State.Pid != kept.Pid)
                SaveSoon(_record with { State = new ContainerState { Status = ContainerStatus.Running, Pid = kept.Pid, StartedAt = kept.StartedAt, BootId = Engine.BootId, Health = HasHealthCheck ? new HealthState() : null } });
            else if (State.Status == ContainerStatus.Paused != Cgroup.IsFrozen)
                SaveSoon(_record with { State = State with { Status = Cgroup.IsFrozen ? ContainerStatus.Paused : ContainerStatus.Running } });
        }
        else if (kept is { Exit: { } exit } && !State.IsLive && State.Pid == 0 && State.FinishedAt.UtcDateTime < exit.At.ToUniversalTime() && kept.Pid > 0)
        {
            // Started and ended without being recorded: the exit that the keeper tells again is about this run.
            SaveSoon(_record with { State = State with { Status = ContainerStatus.Running, Pid = exit.Pid, StartedAt = kept.StartedAt, BootId = Engine.BootId } });
        }
        else if (kept is null && State.IsLive && State.BootId == Engine.BootId && Cgroup.Processes().Contains(State.Pid))
        {
            Orphan = ProcessDescriptor.Open(State.Pid);
        }
    }

    /// <summary>When everything else is up: ends what ended unseen, goes on with health checks, and starts what its policy wants up.</summary>
    internal async Task FinishTakingUpAsync()
    {
        if (_record.Temporary)
        {
            Engine.Track(RemoveTemporaryAsync());
            return;
        }
        if (IsMachine && HasProcess) HearMonitor();
        if (Process is not null)
        {
            StartForwarding(null);
            StartHealthChecks();
            return;
        }
        if (Orphan is not null) Engine.Track(WatchOrphanAsync());
        else if (State.IsLive && !Engine.Keeps(Id))
        {
            var exit = KeeperClient.ReadExitRecord(ExitPath) is { } recorded && recorded.Pid == State.Pid ? recorded : null;
            using (await TakeTurnAtLastAsync())
                await EndRunAsync(exit?.ExitCode ?? UnknownExitCode, exit?.OomKilled ?? false, exit is null ? Engine.Time.GetUtcNow() : new DateTimeOffset(exit.At.ToUniversalTime()));
        }
        else if (!State.IsLive && RestartDecision.AtDaemonStart(_record)) Engine.Track(RetryAsync(TimeSpan.Zero));
        else if (State.Status == ContainerStatus.Restarting) SaveSoon(_record with { State = State with { Status = ContainerStatus.Exited } });
    }

    private async Task RemoveTemporaryAsync()
    {
        try { await RemoveAsync(force: true, removeVolumes: true, Engine.Stopping); }
        catch (Exception error) when (error is EngineException or OperationCanceledException) { Engine.Log.Warn($"Container {Name} of an earlier daemon's work is not removed: {error.Message}"); }
    }

    /// <summary>The keeper died while this daemon runs.</summary>
    internal async Task OnKeeperLostAsync()
    {
        using (await TakeTurnAtLastAsync())
        {
            if (!State.IsLive || Process is not { } process) return;
            Orphan = process.PidFd;
            Process = null;
        }
        Engine.Track(WatchOrphanAsync());
    }

    private async Task WatchOrphanAsync()
    {
        try
        {
            while (Orphan is { IsInvalid: false, IsClosed: false } orphan && !ProcessDescriptor.HasEnded(orphan)) await Task.Delay(s_orphanLook, Engine.Time, Engine.Stopping);
            using (await TakeTurnAsync(Engine.Stopping))
            {
                Orphan = null;
                if (State.IsLive) await EndRunAsync(UnknownExitCode, oomKilled: false, Engine.Time.GetUtcNow());
            }
        }
        catch (OperationCanceledException) { }
    }
}

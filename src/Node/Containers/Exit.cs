using System.Globalization;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    // What the keeper still has of the last run; it may be told to forget it only when the exit is in the store.
    private Task _settled = Task.CompletedTask;
    private bool _isUnsettled;
    private volatile bool _isBeingRestarted;

    /// <summary>The keeper says that the container's first process has ended. Told twice, it is heard once.</summary>
    internal async Task OnExitedAsync(KeeperExit exit)
    {
        using (await TakeTurnAtLastAsync())
        {
            // An earlier run's exit, or one that was noted before the daemon died: all that is left to do is to let the keeper forget it.
            if (!State.IsLive || State.Pid != exit.Pid) _settled = SettleAsync();
            else await EndRunAsync(exit.ExitCode, exit.OomKilled, new DateTimeOffset(exit.At.ToUniversalTime()));
        }
    }

    /// <summary>The run is over: takes back what it had, notes how it ended, and decides what comes next. The caller holds the turn.</summary>
    private async Task EndRunAsync(int exitCode, bool oomKilled, DateTimeOffset at)
    {
        await StopHealthChecksAsync();
        await TakeBackAsync("monitor's connection", StopHearingMonitorAsync().AsTask());
        Process = null;
        await FinishForwardingAsync();
        await TakeBackAsync("network", Engine.Networks.DetachAsync(Id));
        await TakeBackAsync("volumes", Engine.Volumes.UnmountAsync(Id, _record.Mounts));
        var record = _record;
        var ran = at - record.State.StartedAt;
        var retry = RestartDecision.AfterExit(record, exitCode);
        SaveSoon(record with
        {
            RestartCount = record.RestartCount + (retry ? 1 : 0),
            State = record.State with
            {
                Status = ContainerLife.Next(record.State.Status, retry ? ContainerAction.Retry : ContainerAction.Exit),
                Pid = 0, ExitCode = exitCode, OomKilled = oomKilled || _machineRanOut || record.State.OomKilled, FinishedAt = at, Error = "",
            },
        });
        _settled = SettleAsync();
        if (oomKilled) Publish("oom");
        List<(string, string)> words = [("exitCode", exitCode.ToString(CultureInfo.InvariantCulture)), ("execDuration", ((long)Math.Max(0, ran.TotalSeconds)).ToString(CultureInfo.InvariantCulture))];
        if (_machineCause != "") words.Add(("cause", _machineCause));
        Publish("die", [.. words]);
        PublishNetworks("disconnect", record.Endpoints);
        if (HostConfig.AutoRemove && !retry && !_isBeingRestarted) await RemoveInTurnAsync(removeVolumes: true, waitForDisk: false);
        EndWaits(exitCode);
        if (retry) ScheduleRetry(ran);
    }

    // That it has ended is told whatever else goes wrong, be it that the disk is full; what is left is taken back by the next daemon.
    private async Task TakeBackAsync(string what, Task work)
    {
        try { await work; }
        catch (Exception error) { Engine.Log.Error($"The {what} of container {Name} cannot be taken back: {error.Message}"); }
    }

    private async Task SettleAsync()
    {
        try
        {
            await _writing;
            await Engine.Keeper.ForgetAsync(Id);
        }
        // The keeper tells it again to the next daemon, which finds it noted.
        catch (Exception error)
        {
            _isUnsettled = true;
            Engine.Log.Warn($"The exit of container {Id} is not settled with the keeper: {error.Message}");
        }
    }
}

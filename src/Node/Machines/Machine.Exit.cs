using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Node.Containers;
using Yun.Node.Keeper;
using Yun.Protocol;

namespace Yun.Node.Machines;

public sealed partial class Machine
{
    private const int UnknownExitCode = 255, KilledExitCode = 137;
    private static readonly TimeSpan s_orphanLook = TimeSpan.FromMilliseconds(500), s_lastWordsMax = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<WaitResult> _removed = NewWait();
    private volatile TaskCompletionSource<WaitResult> _nextExit = NewWait();
    // What the keeper still has of the last run; it may forget it when the exit is in the store.
    private Task _settled = Task.CompletedTask;
    private TimeSpan _retryDelay;
    private CancellationTokenSource? _retry;
    // A QEMU that runs and has lost its keeper: its exit code cannot be known.
    private SafeFileHandle? _orphan;

    internal bool HasProcess => _process is not null || _orphan is not null;

    /// <summary>The wait stands when this returns.</summary>
    public Task<WaitResult> WaitAsync(WaitCondition condition, CancellationToken cancel = default)
    {
        if (condition == WaitCondition.Removed) return _removed.Task.WaitAsync(cancel);
        var next = _nextExit.Task;
        return condition == WaitCondition.NotRunning && !State.IsLive && State.Status != MachineStatus.Restarting ? Task.FromResult(new WaitResult(State.ExitCode)) : next.WaitAsync(cancel);
    }

    internal async Task OnExitedAsync(KeeperExit exit)
    {
        using (await TakeTurnAtLastAsync())
        {
            if (!State.IsLive || State.Pid != exit.Pid) _settled = SettleAsync();
            else await EndRunAsync(exit.ExitCode, exit.OomKilled, new DateTimeOffset(exit.At.ToUniversalTime()));
        }
    }

    /// <summary>Brings the record to what is true as the daemon starts. Nothing else knows the machine yet.</summary>
    internal async Task TakeUpAsync(KeptProcess? kept)
    {
        if (kept is { Exit: null })
        {
            _process = kept;
            // The last daemon died between the start and its record: QEMU waits for what it would have been told.
            if (!State.IsLive || State.Pid != kept.Pid) await SaveAsync(_record with { State = new MachineState { Status = MachineStatus.Running, Pid = kept.Pid, StartedAt = kept.StartedAt, BootId = Engine.BootId } });
        }
        else if (kept is null && State.IsLive && State.BootId == Engine.BootId && Cgroup.At(CgroupPath).Processes().Contains(State.Pid)) _orphan = ProcessDescriptor.Open(State.Pid);
    }

    /// <summary>When everything else is up: hears QEMU again, ends what ended unseen, and starts what its policy wants up.</summary>
    internal async Task FinishTakingUpAsync()
    {
        if (HasProcess)
        {
            ListenForQemu();
            Engine.Track(MeetAgainAsync());
            if (_orphan is not null) Engine.Track(WatchOrphanAsync());
        }
        else if (State.IsLive && !Engine.Keeps(Id))
        {
            var exit = KeeperClient.ReadExitRecord(ExitPath) is { } recorded && recorded.Pid == State.Pid ? recorded : null;
            using (await TakeTurnAtLastAsync())
                await EndRunAsync(exit?.ExitCode ?? UnknownExitCode, exit?.OomKilled ?? false, exit is null ? Engine.Time.GetUtcNow() : new DateTimeOffset(exit.At.ToUniversalTime()));
        }
        else if (!State.IsLive && State.Status is MachineStatus.Exited or MachineStatus.Restarting
            && (Config.RestartPolicy?.Name == "always" || RestartDecision.AfterExit(Config.RestartPolicy, _record.StoppedByUser, _record.RestartCount, State.ExitCode))) Engine.Track(RetryAsync(TimeSpan.Zero, null));
        else if (State.Status == MachineStatus.Restarting) await SaveAsync(_record with { State = State with { Status = MachineStatus.Exited } });
    }

    /// <summary>The keeper died while this daemon runs.</summary>
    internal async Task OnKeeperLostAsync()
    {
        using (await TakeTurnAtLastAsync())
        {
            if (!State.IsLive || _process is not { } process) return;
            (_orphan, _process) = (process.PidFd, null);
        }
        Engine.Track(WatchOrphanAsync());
    }

    /// <summary>QEMU connects within a second. One that was never told to begin, because the daemon died in between, is told now.</summary>
    private async Task MeetAgainAsync()
    {
        try
        {
            var session = await SessionAsync(Engine.Stopping);
            if ((await session.ExecuteAsync("query-status", Qmp.QmpJson.Default.QmpStatus, Engine.Stopping)).Status == "prelaunch") await session.ExecuteAsync("cont", Engine.Stopping);
            await SeeStatusAsync();
        }
        catch (OperationCanceledException) { }
        catch (Exception failed) when (failed is EngineException or Qmp.QmpException) { Engine.Log.Warn($"Machine {Name} runs, and cannot be asked how it is: {failed.Message}"); }
    }

    /// <summary>The run is over. The caller holds the turn.</summary>
    private async Task EndRunAsync(int exitCode, bool oomKilled, DateTimeOffset at)
    {
        // The last that QEMU has said may still be on its way to us.
        if (_qmp is { } listener) await Task.WhenAny(listener.Reading, Task.Delay(s_lastWordsMax));
        var cause = _cause != "" ? _cause : oomKilled ? "QEMU had no memory left" : exitCode == KilledExitCode ? "QEMU was killed" : exitCode == 0 ? "the guest shut down" : $"QEMU ended with {exitCode}";
        _process = null;
        await TakeBackAsync("connection", StopListeningAsync().AsTask());
        await TakeBackAsync("network", Engine.Networks.DetachAsync(Id));
        await TakeBackAsync("disks", GiveBackFilesAsync().AsTask());
        var record = _record;
        var retry = RestartDecision.AfterExit(Config.RestartPolicy, record.StoppedByUser, record.RestartCount, exitCode);
        await SaveAsync(record with
        {
            RestartCount = record.RestartCount + (retry ? 1 : 0),
            State = record.State with
            {
                Status = MachineLife.Next(record.State.Status, retry ? MachineAction.Retry : MachineAction.Exit), Pid = 0, ExitCode = exitCode, OomKilled = oomKilled, FinishedAt = at, Error = "", Cause = cause,
            },
        });
        _settled = SettleAsync();
        if (oomKilled) Publish("oom");
        Publish("die", ("exitCode", exitCode.ToString(CultureInfo.InvariantCulture)), ("cause", cause));
        EndWaits(exitCode);
        if (!retry) return;
        _retryDelay = RestartDecision.Delay(_retryDelay, at - record.State.StartedAt);
        _retry = CancellationTokenSource.CreateLinkedTokenSource(Engine.Stopping);
        Engine.Track(RetryAsync(_retryDelay, _retry));
    }

    private async Task RetryAsync(TimeSpan delay, CancellationTokenSource? retry)
    {
        try
        {
            await Task.Delay(delay, Engine.Time, retry?.Token ?? Engine.Stopping);
            using (await TakeTurnAsync(Engine.Stopping))
                if (State.Status is MachineStatus.Restarting or MachineStatus.Exited && retry?.IsCancellationRequested != true) await StartInTurnAsync(_record, Engine.Stopping);
        }
        catch (OperationCanceledException) { }
        catch (EngineException error) { Engine.Log.Error($"Machine {Name} cannot be started again: {error.Message}"); }
        finally { retry?.Dispose(); }
    }

    private void CancelRetry()
    {
        var retry = Interlocked.Exchange(ref _retry, null);
        try { retry?.Cancel(); }
        catch (ObjectDisposedException) { /* It has run its course. */ }
    }

    private async Task EndRetryingAsync()
    {
        CancelRetry();
        await SaveAsync(_record with { StoppedByUser = true, State = State with { Status = MachineLife.Next(State.Status, MachineAction.Exit) } });
        EndWaits(State.ExitCode);
    }

    private async Task WatchOrphanAsync()
    {
        try
        {
            while (_orphan is { IsInvalid: false, IsClosed: false } orphan && !ProcessDescriptor.HasEnded(orphan)) await Task.Delay(s_orphanLook, Engine.Time, Engine.Stopping);
            using (await TakeTurnAsync(Engine.Stopping))
            {
                _orphan = null;
                if (State.IsLive) await EndRunAsync(UnknownExitCode, oomKilled: false, Engine.Time.GetUtcNow());
            }
        }
        catch (OperationCanceledException) { }
    }

    private async Task TakeBackAsync(string what, Task work)
    {
        try { await work; }
        catch (Exception error) { Engine.Log.Error($"The {what} of machine {Name} cannot be taken back: {error.Message}"); }
    }

    private async Task SettleAsync()
    {
        try { await Engine.Keeper.ForgetAsync(Id); }
        catch (Exception error) { Engine.Log.Warn($"The exit of machine {Id} is not settled with the keeper: {error.Message}"); }
    }

    private void EndWaits(int exitCode) => Interlocked.Exchange(ref _nextExit, NewWait()).TrySetResult(new WaitResult(exitCode));

    private static TaskCompletionSource<WaitResult> NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

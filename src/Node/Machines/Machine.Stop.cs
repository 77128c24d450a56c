using Yun.Linux;
using Yun.Node.Containers;
using Yun.Node.Machines.Qmp;
using Yun.Protocol;

namespace Yun.Node.Machines;

public sealed partial class Machine
{
    private const int StopTimeoutSeconds = 30;

    /// <summary>Presses the power button, and after the time pulls the plug. False when it does not run.</summary>
    /// <param name="timeoutSeconds">Null is the machine's own; negative is for ever.</param>
    public async Task<bool> StopAsync(int? timeoutSeconds = null, CancellationToken cancel = default)
    {
        Task<WaitResult> exit;
        using (await TakeTurnAsync(cancel))
        {
            if (State.Status == MachineStatus.Restarting)
            {
                await EndRetryingAsync();
                return true;
            }
            if (!State.IsLive) return false;
            exit = WaitAsync(WaitCondition.NextExit, cancel);
            await SaveAsync(_record with { StoppedByUser = true });
            await PressPowerButtonAsync(cancel);
        }
        var patience = timeoutSeconds ?? Config.StopTimeout ?? StopTimeoutSeconds;
        var obeyed = await EndsWithinAsync(exit, patience < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(patience), cancel);
        if (!obeyed)
        {
            _cause = $"the guest ignored the power button for {patience} seconds, and was killed";
            SignalQemu();
            if (!await EndsWithinAsync(exit, s_endMax, cancel)) throw Stuck();
        }
        Publish("stop", ("cause", State.Cause));
        return true;
    }

    /// <summary>Pulls the plug, and returns when it has ended.</summary>
    public async Task KillAsync(CancellationToken cancel = default)
    {
        Task<WaitResult> exit;
        using (await TakeTurnAsync(cancel))
        {
            if (State.Status == MachineStatus.Restarting)
            {
                await EndRetryingAsync();
                return;
            }
            RequireLive("kill");
            exit = WaitAsync(WaitCondition.NextExit, cancel);
            await SaveAsync(_record with { StoppedByUser = true });
            _cause = "it was killed";
            SignalQemu();
        }
        Publish("kill");
        if (!await EndsWithinAsync(exit, s_endMax, cancel)) throw Stuck();
    }

    public async Task RestartAsync(int? timeoutSeconds = null, CancellationToken cancel = default)
    {
        await StopAsync(timeoutSeconds, cancel);
        await StartAsync(cancel: cancel);
        Publish("restart");
    }

    /// <summary>Stops its processors; memory and connections stay.</summary>
    public async Task PauseAsync(CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            RequireLive("pause");
            if (State.Status == MachineStatus.Paused) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} is already paused.");
            await (await SessionAsync(cancel)).ExecuteAsync("stop", cancel);
            await SaveAsync(_record with { State = State with { Status = MachineLife.Next(State.Status, MachineAction.Pause), Cause = "" } });
        }
        Publish("pause");
    }

    public Task ResumeAsync(CancellationToken cancel = default) => ResumeAsync("", cancel);

    private async Task ResumeAsync(string cause, CancellationToken cancel)
    {
        using (await TakeTurnAsync(cancel))
        {
            RequireLive("resume");
            if (State.Status != MachineStatus.Paused) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} is not paused.");
            await (await SessionAsync(cancel)).ExecuteAsync("cont", cancel);
            await SaveAsync(_record with { State = State with { Status = MachineLife.Next(State.Status, MachineAction.Resume), Cause = "" } });
        }
        if (cause == "") Publish("resume");
        else Publish("resume", ("cause", cause));
    }

    // A QEMU that does not answer is ended all the same, when its time is over.
    private async Task PressPowerButtonAsync(CancellationToken cancel)
    {
        try
        {
            var session = await SessionAsync(cancel);
            if (State.Status == MachineStatus.Paused)
            {
                await session.ExecuteAsync("cont", cancel);
                await SaveAsync(_record with { State = State with { Status = MachineStatus.Running, Cause = "" } });
            }
            await session.ExecuteAsync("system_powerdown", cancel);
        }
        catch (Exception failed) when (failed is EngineException or QmpException) { Engine.Log.Warn($"The power button of machine {Name} cannot be pressed: {failed.Message}"); }
    }

    private void SignalQemu()
    {
        if (_process is { PidFd.IsInvalid: false } process) ProcessDescriptor.Signal(process.PidFd, Kill);
        else if (_orphan is { } orphan) ProcessDescriptor.Signal(orphan, Kill);
    }

    private EngineException Stuck() => new(ErrorKind.Internal, $"Machine {Name} was killed and has not ended after {s_endMax.TotalSeconds:0} seconds: its process {State.Pid} is stuck in the kernel.");

    private async Task<bool> EndsWithinAsync(Task exit, TimeSpan time, CancellationToken cancel)
    {
        try
        {
            await exit.WaitAsync(time, Engine.Time, cancel);
            return true;
        }
        catch (TimeoutException) { return false; }
    }
}

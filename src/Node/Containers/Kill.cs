using System.Globalization;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    private const int Terminate = 15, KillSignal = 9;

    /// <summary>Sends a signal to the first process; SIGKILL returns when it has ended, as Docker's does. Any signal counts as a wish to end it, as in Docker: no restart policy brings it back if it does.</summary>
    public async Task KillAsync(string? signalName, CancellationToken cancel = default)
    {
        var signal = signalName is { Length: > 0 } ? Validation.Signal(signalName) : KillSignal;
        Task<WaitResult>? exit = null;
        using (await TakeTurnToEndAsync(cancel))
        {
            if (State.Status == ContainerStatus.Restarting) EndRetrying();
            else if (!State.IsLive) throw new EngineException(ErrorKind.Conflict, $"cannot kill container: {Id}: container {Id} is not running");
            else
            {
                if (signal == KillSignal) exit = WaitAsync(WaitCondition.NextExit, cancel);
                SignalInTurn(signal, stops: signal is KillSignal || signal == StopSignal);
            }
        }
        Publish("kill", ("signal", signal.ToString(CultureInfo.InvariantCulture)));
        if (exit is not null && !await EndsWithinAsync(exit, s_killMax, cancel)) throw StuckAfterKill();
    }

    private int StopSignal => Config.StopSignal is { Length: > 0 } name ? Validation.Signal(name) : Terminate;

    private void SignalInTurn(int signal, bool stops)
    {
        if (stops && !_record.StoppedByUser) SaveSoon(_record with { StoppedByUser = true });
        Send(signal);
        // A frozen process dies only when it runs again.
        if (stops && State.Status == ContainerStatus.Paused)
        {
            Cgroup.Freeze(false);
            SaveSoon(_record with { State = State with { Status = ContainerStatus.Running } });
        }
    }

    private void Send(int signal)
    {
        var errno = Process is { PidFd.IsInvalid: false } process ? ProcessDescriptor.Signal(process.PidFd, signal) : Orphan is { } orphan ? ProcessDescriptor.Signal(orphan, signal) : Errno.ESRCH;
        // It has just ended; the keeper's news of that is on its way.
        if (errno is not (Errno.None or Errno.ESRCH)) throw new EngineException(ErrorKind.Internal, $"Cannot kill container {Id}: {errno.Describe()}", new SyscallException("pidfd_send_signal", errno));
        // Somebody else may have frozen it.
        if (signal == KillSignal && Cgroup.IsFrozen) Cgroup.Freeze(false);
    }

    /// <summary>A container between two tries of its restart policy gives up.</summary>
    private void EndRetrying()
    {
        CancelRetry();
        SaveSoon(_record with { StoppedByUser = true, State = State with { Status = ContainerLife.Next(State.Status, ContainerAction.Exit) } });
        EndWaits(State.ExitCode);
    }
}

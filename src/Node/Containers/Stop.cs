using System.Globalization;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    // A process that SIGKILL does not end is stuck in the kernel; the caller is told, and its end is noted whenever it comes.
    private static readonly TimeSpan s_killMax = TimeSpan.FromSeconds(10);

    /// <summary>Asks it to end, and after the time makes it. False when it does not run.</summary>
    /// <param name="timeoutSeconds">Null is the container's own or the daemon's; negative is for ever.</param>
    public async Task<bool> StopAsync(string? signalName = null, int? timeoutSeconds = null, CancellationToken cancel = default)
    {
        var signal = signalName is { Length: > 0 } ? Validation.Signal(signalName) : StopSignal;
        Task<WaitResult> exit;
        using (await TakeTurnAsync(cancel))
        {
            if (State.Status == ContainerStatus.Restarting)
            {
                EndRetrying();
                Publish("stop");
                return true;
            }
            if (!State.IsLive) return false;
            exit = WaitAsync(WaitCondition.NextExit, cancel);
            SignalInTurn(signal, stops: true);
        }
        Publish("kill", ("signal", signal.ToString(CultureInfo.InvariantCulture)));
        var patience = timeoutSeconds ?? Config.StopTimeout ?? Engine.Options.StopTimeoutSeconds;
        if (!await EndsWithinAsync(exit, patience < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(patience), cancel)) await KillAndWaitAsync(exit, cancel);
        Publish("stop");
        return true;
    }

    /// <summary>Stops it if it runs, and starts it.</summary>
    public async Task RestartAsync(string? signalName = null, int? timeoutSeconds = null, CancellationToken cancel = default)
    {
        // --rm means the end that nobody follows with a start.
        _isBeingRestarted = true;
        try { await StopAsync(signalName, timeoutSeconds, cancel); }
        finally { _isBeingRestarted = false; }
        await StartAsync(cancel);
        Publish("restart");
    }

    private async Task KillAndWaitAsync(Task<WaitResult> exit, CancellationToken cancel)
    {
        if (exit.IsCompleted) return;
        if (State.IsLive) Send(KillSignal);
        if (await EndsWithinAsync(exit, s_killMax, cancel)) return;
        throw StuckAfterKill();
    }

    private EngineException StuckAfterKill() =>
        new(ErrorKind.Internal, $"Container {Id} was killed and has not ended after {s_killMax.TotalSeconds:0} seconds: its process {State.Pid} is stuck in the kernel.");

    private async Task<bool> EndsWithinAsync(Task exit, TimeSpan time, CancellationToken cancel)
    {
        try
        {
            await exit.WaitAsync(time, Engine.Time, cancel);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

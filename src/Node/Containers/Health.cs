using System.Text;
using Yun.Node.Containers.Spec;
using Yun.Node.Keeper;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    private CancellationTokenSource? _healthStop;
    private Task _healthChecks = Task.CompletedTask;

    private bool HasHealthCheck => HealthSchedule.Of(Config) is not null;

    /// <summary>Begins to probe; after a start, and when the daemon takes a running container up.</summary>
    private void StartHealthChecks()
    {
        if (HealthSchedule.Of(Config) is not { } schedule) return;
        _healthStop = CancellationTokenSource.CreateLinkedTokenSource(Engine.Stopping);
        _healthChecks = CheckHealthAsync(schedule, _healthStop.Token);
    }

    private async Task StopHealthChecksAsync()
    {
        if (Interlocked.Exchange(ref _healthStop, null) is not { } stop) return;
        await stop.CancelAsync();
        await _healthChecks;
        stop.Dispose();
    }

    private async Task CheckHealthAsync(HealthSchedule schedule, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                await Task.Delay(schedule.Next(State.Health ?? new HealthState(), SinceStart), Engine.Time, cancel);
                if (State.Status != ContainerStatus.Running) continue;
                var probe = await ProbeAsync(schedule, cancel);
                await NoteAsync(schedule, probe, cancel);
            }
        }
        catch (OperationCanceledException) { }
        // Whatever it is: the end of the run waits for this task, and must be noted all the same.
        catch (Exception error) { Engine.Log.Warn($"The health checks of container {Name} have ended: {error.Message}"); }
    }

    private TimeSpan SinceStart => Engine.Time.GetUtcNow() - State.StartedAt;

    private async Task NoteAsync(HealthSchedule schedule, HealthProbe probe, CancellationToken cancel)
    {
        // Whoever ends the run holds the turn while it waits for us: so this wait must end with the checks.
        using (await TakeTurnAsync(cancel))
        {
            var before = State.Health ?? new HealthState();
            var after = schedule.After(before, probe, SinceStart);
            SaveSoon(_record with { State = State with { Health = after } });
            if (after.Status == before.Status) return;
            Publish($"health_status: {after.Status}");
            // Of its own accord, for whoever ends the run waits for these checks to end.
            if (after.Status == HealthState.Unhealthy && HealthFailure.ActionOf(Config) != HealthFailure.None) Engine.Track(ActOnFailureAsync(HealthFailure.ActionOf(Config)));
        }
    }

    private async Task ActOnFailureAsync(string action)
    {
        Engine.Log.Info($"Container {Name} is unhealthy: {action}.");
        try
        {
            if (action == HealthFailure.Restart) await RestartAsync(cancel: Engine.Stopping);
            else await StopAsync(cancel: Engine.Stopping);
        }
        catch (OperationCanceledException) { }
        catch (EngineException error) { Engine.Log.Error($"The unhealthy container {Name} did not {action}: {error.Message}"); }
    }

    private async Task<HealthProbe> ProbeAsync(HealthSchedule schedule, CancellationToken cancel)
    {
        const int failed = 1, outputMax = 4096;
        var start = Engine.Time.GetUtcNow();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(schedule.Timeout);
        try
        {
            await using var process = await ProbeProcess.StartAsync(this, schedule.Command, cancel);
            var output = await process.ReadAsync(outputMax, deadline.Token);
            return new HealthProbe(start, Engine.Time.GetUtcNow(), await process.ExitAsync(deadline.Token), output);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new HealthProbe(start, Engine.Time.GetUtcNow(), -1, $"Health check exceeded timeout ({Builds.Dockerfiles.GoText.Duration((long)(schedule.Timeout.TotalMilliseconds * 1_000_000))})");
        }
        catch (EngineException error)
        {
            return new HealthProbe(start, Engine.Time.GetUtcNow(), failed, error.Message);
        }
    }
}

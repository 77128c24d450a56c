using Yun.Oci;

namespace Yun.Node.Containers;

/// <summary>A health check with Docker's defaults filled in.</summary>
public sealed record HealthSchedule(IReadOnlyList<string> Command, TimeSpan Interval, TimeSpan Timeout, TimeSpan StartPeriod, TimeSpan StartInterval, int Retries)
{
    private static readonly string[] s_shell = ["/bin/sh", "-c"];

    /// <summary>Null when there is nothing to check.</summary>
    public static HealthSchedule? Of(ContainerConfig config)
    {
        if (config.Healthcheck is not { Test: { Count: > 1 } test } health) return null;
        IReadOnlyList<string>? command = test[0] switch
        {
            "CMD" => [.. test.Skip(1)],
            "CMD-SHELL" => [.. config.Shell is { Count: > 0 } shell ? (IEnumerable<string>)shell : s_shell, test[1]],
            _ => null,
        };
        return command is null ? null : new HealthSchedule(command, Span(health.Interval, 30), Span(health.Timeout, 30), Span(health.StartPeriod, 0), Span(health.StartInterval, 5), health.Retries > 0 ? health.Retries : 3);
    }

    /// <summary>What a probe's outcome makes of the state.</summary>
    /// <param name="sinceStart">How long the container has run.</param>
    public HealthState After(HealthState before, HealthProbe probe, TimeSpan sinceStart)
    {
        const int probesKept = 5;
        var log = before.Log.Append(probe).TakeLast(probesKept).ToArray();
        if (probe.ExitCode == 0) return new HealthState { Status = HealthState.Healthy, Log = log };
        // While it may still be starting, a failure counts for nothing.
        if (before.Status == HealthState.Starting && sinceStart < StartPeriod) return before with { Log = log };
        var failing = before.FailingStreak + 1;
        return new HealthState { Status = failing >= Retries ? HealthState.Unhealthy : before.Status, FailingStreak = failing, Log = log };
    }

    /// <summary>How long to wait for the next probe.</summary>
    public TimeSpan Next(HealthState now, TimeSpan sinceStart) => now.Status == HealthState.Starting && sinceStart < StartPeriod && StartInterval < Interval ? StartInterval : Interval;

    private static TimeSpan Span(long nanoseconds, int defaultSeconds) => nanoseconds == 0 ? TimeSpan.FromSeconds(defaultSeconds) : TimeSpan.FromTicks(nanoseconds / 100);
}

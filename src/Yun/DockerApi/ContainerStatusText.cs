using Yun.Node.Containers;

namespace Yun.DockerApi;

/// <summary>The status that <c>docker ps</c> shows to people.</summary>
public static class ContainerStatusText
{
    public static string Of(ContainerState state, DateTimeOffset now) => state.Status switch
    {
        ContainerStatus.Running => $"Up {Duration(now - state.StartedAt)}{Health(state.Health)}",
        ContainerStatus.Paused => $"Up {Duration(now - state.StartedAt)} (Paused)",
        ContainerStatus.Restarting => $"Restarting ({state.ExitCode}) {Duration(now - state.FinishedAt)} ago",
        ContainerStatus.Removing => "Removal In Progress",
        ContainerStatus.Dead => "Dead",
        ContainerStatus.Exited => $"Exited ({state.ExitCode}) {Duration(now - state.FinishedAt)} ago",
        _ => "Created",
    };

    private static string Health(HealthState? health) => health?.Status switch
    {
        null => "",
        HealthState.Starting => " (health: starting)",
        var status => $" ({status})",
    };

    /// <summary>As docker/go-units says it: one unit, and never "1 hours".</summary>
    public static string Duration(TimeSpan span)
    {
        var (seconds, minutes, hours) = ((long)span.TotalSeconds, (long)span.TotalMinutes, (long)Math.Round(span.TotalHours));
        return seconds < 1 ? "Less than a second"
            : seconds == 1 ? "1 second"
            : seconds < 60 ? $"{seconds} seconds"
            : minutes == 1 ? "About a minute"
            : minutes < 60 ? $"{minutes} minutes"
            : hours == 1 ? "About an hour"
            : hours < 48 ? $"{hours} hours"
            : hours < 24 * 7 * 2 ? $"{hours / 24} days"
            : hours < 24 * 30 * 2 ? $"{hours / 24 / 7} weeks"
            : hours < 24 * 365 * 2 ? $"{hours / 24 / 30} months"
            : $"{(long)(span.TotalHours / 24 / 365)} years";
    }
}

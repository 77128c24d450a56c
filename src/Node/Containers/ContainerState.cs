using System.Text.Json.Serialization;
using Yun.Protocol;

namespace Yun.Node.Containers;

[JsonConverter(typeof(JsonStringEnumConverter<ContainerStatus>))]
public enum ContainerStatus { Created, Running, Paused, Restarting, Removing, Exited, Dead }

public enum ContainerAction { Start, Pause, Unpause, Exit, Retry, Remove, FailRemove }

/// <summary>Where a container is in its life, and what it left when it last ended. Replaced as a whole, never changed in place.</summary>
public sealed record ContainerState
{
    public ContainerStatus Status { get; set; }
    /// <summary>0 when nothing runs.</summary>
    public int Pid { get; set; }
    public int ExitCode { get; set; }
    public bool OomKilled { get; set; }
    /// <summary>Why the last start failed, in Docker's words.</summary>
    public string Error { get; set; } = "";
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset FinishedAt { get; set; }
    /// <summary>The machine's boot in which it was started: a process of another boot is gone for sure, whatever has its number now.</summary>
    public string BootId { get; set; } = "";
    /// <summary>Null without a health check.</summary>
    public HealthState? Health { get; set; }

    /// <summary>A process exists: running or paused. Docker calls a container that waits for its restart running too; this does not.</summary>
    [JsonIgnore] public bool IsLive => Status is ContainerStatus.Running or ContainerStatus.Paused;

    /// <summary>Docker's lower-case word, as in the <c>status</c> filter and <c>State.Status</c>.</summary>
    [JsonIgnore] public string Word => Status.ToString().ToLowerInvariant();
}

/// <summary>What the health check says: Docker's <c>State.Health</c>.</summary>
public sealed record HealthState
{
    public const string Starting = "starting", Healthy = "healthy", Unhealthy = "unhealthy";

    public string Status { get; set; } = Starting;
    public int FailingStreak { get; set; }
    /// <summary>The last five probes, oldest first.</summary>
    public IReadOnlyList<HealthProbe> Log { get; set; } = [];
}

/// <param name="Output">At most 4,096 characters of what the probe wrote.</param>
public sealed record HealthProbe(DateTimeOffset Start, DateTimeOffset End, int ExitCode, string Output);

/// <summary>Which status follows which. What is not in the table cannot happen.</summary>
public static class ContainerLife
{
    public static ContainerStatus Next(ContainerStatus now, ContainerAction action) => (now, action) switch
    {
        (ContainerStatus.Created or ContainerStatus.Exited or ContainerStatus.Restarting, ContainerAction.Start) => ContainerStatus.Running,
        (ContainerStatus.Running, ContainerAction.Pause) => ContainerStatus.Paused,
        (ContainerStatus.Paused, ContainerAction.Unpause) => ContainerStatus.Running,
        (ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting, ContainerAction.Exit) => ContainerStatus.Exited,
        (ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Exited or ContainerStatus.Restarting, ContainerAction.Retry) => ContainerStatus.Restarting,
        (ContainerStatus.Created or ContainerStatus.Exited or ContainerStatus.Dead or ContainerStatus.Removing, ContainerAction.Remove) => ContainerStatus.Removing,
        (ContainerStatus.Removing, ContainerAction.FailRemove) => ContainerStatus.Dead,
        _ => throw new EngineException(ErrorKind.Conflict, $"Cannot {action.ToString().ToLowerInvariant()} a container that is {now.ToString().ToLowerInvariant()}."),
    };
}

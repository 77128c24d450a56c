using System.Text.Json.Serialization;

namespace Yun.Protocol;

/// <summary>The answer to the request <see cref="Id"/>, or news when that is 0. An answer with nothing set says that it was done.</summary>
public sealed class KeeperReply
{
    public long Id { get; set; }
    public KeeperError? Error { get; set; }
    public KeeperHello? Hello { get; set; }
    /// <summary>The started process, or those listed.</summary>
    public List<KeeperProcess>? Processes { get; set; }
    /// <summary>Another reply with the same <see cref="Id"/> follows.</summary>
    public bool More { get; set; }
    /// <summary>How many descriptors come with an answer to <see cref="KeeperHeld"/> or <see cref="KeeperNamespaces"/>.</summary>
    public int? HeldCount { get; set; }
    public KeeperExit? Exited { get; set; }
}

public sealed class KeeperError
{
    public ErrorKind Kind { get; set; }
    public string Message { get; set; } = "";
    /// <summary>The step of a start that failed, as the runtime names it.</summary>
    public string? Step { get; set; }
    /// <summary>The kernel's number; 0 when no call failed.</summary>
    public int Errno { get; set; }
}

/// <summary>A process the keeper has started and not yet been told to forget. <see cref="Descriptors"/> of them come with it: its pidfd, then the reading ends of its output.</summary>
public sealed class KeeperProcess
{
    public string ProcessId { get; set; } = "";
    public string ContainerId { get; set; } = "";
    public bool Exec { get; set; }
    public int Pid { get; set; }
    public DateTime StartedAt { get; set; }
    public bool Terminal { get; set; }
    public int Descriptors { get; set; }
    /// <summary>Null while it runs.</summary>
    public KeeperExit? Exit { get; set; }
}

/// <summary>How a process ended; also the content of the file at <see cref="KeeperStart.ExitPath"/>.</summary>
public sealed class KeeperExit
{
    public string ProcessId { get; set; } = "";
    public string ContainerId { get; set; } = "";
    public int Pid { get; set; }
    /// <summary>What it exited with, or 128 and the number of the signal that killed it.</summary>
    public int ExitCode { get; set; }
    /// <summary>The kernel's out-of-memory killer struck in the container's cgroup.</summary>
    public bool OomKilled { get; set; }
    public DateTime At { get; set; }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KeeperRequest))]
[JsonSerializable(typeof(KeeperReply))]
public sealed partial class KeeperJson : JsonSerializerContext;

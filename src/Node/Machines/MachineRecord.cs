using System.Text.Json.Serialization;
using Yun.Node.Containers;

namespace Yun.Node.Machines;

/// <summary>All that is known of a whole virtual machine and must outlive the daemon; in the store under <c>/machines/ID</c>. Never changed in place.</summary>
public sealed record MachineRecord
{
    public string Id { get; set; } = "";
    public string Name { get; set; } = "";
    public DateTimeOffset Created { get; set; }
    public MachineConfig Config { get; set; } = new();
    public IReadOnlyList<MachineDisk> Disks { get; set; } = [];
    /// <summary>It has a port for an agent of its guest. One that was made without it never gets it: a saved state is of the devices that there were.</summary>
    public bool HasAgentPort { get; set; }
    public IReadOnlyList<MachineSnapshot> Snapshots { get; set; } = [];
    /// <summary>What it got on its networks when it was last started.</summary>
    public Dictionary<string, EndpointSettings> Endpoints { get; set; } = [];
    public Dictionary<string, List<PortBinding>?> Ports { get; set; } = [];
    public int RestartCount { get; set; }
    /// <summary>A person stopped it: no restart policy starts it again.</summary>
    public bool StoppedByUser { get; set; }
    public MachineState State { get; set; } = new();
}

/// <summary>One disk of a machine.</summary>
public sealed record MachineDisk
{
    /// <summary>qcow2 or raw. Found out once, when the machine was made: what the guest writes into a raw disk must never make it one that names files of the host.</summary>
    public string Format { get; set; } = DiskFormat.Qcow2;
    /// <summary>Its file in the machine's directory; empty for a file of the host.</summary>
    public string File { get; set; } = "";
    /// <summary>A file of the host that is used where it is; empty for a disk of the machine's own.</summary>
    public string HostPath { get; set; } = "";
    /// <summary>Disks of the library below this one, the nearest first, by their ids.</summary>
    public IReadOnlyList<string> Bases { get; set; } = [];
    /// <summary>What the guest sees. The disk is made larger to it at the next start.</summary>
    public long SizeBytes { get; set; }
    public bool ReadOnly { get; set; }
    /// <summary>Whom the file of the host belongs to while the machine does not run: <c>user:group</c>, and empty while it has not been given away.</summary>
    public string HostOwner { get; set; } = "";
}

/// <summary>The names that QEMU has for the forms of disks.</summary>
public static class DiskFormat
{
    public const string Qcow2 = "qcow2", Raw = "raw";
}

/// <param name="Running">The memory is in it: a restore goes on from there.</param>
public sealed record MachineSnapshot(string Name, DateTimeOffset Created, bool Running);

[JsonConverter(typeof(JsonStringEnumConverter<MachineStatus>))]
public enum MachineStatus { Created, Running, Paused, Restarting, Exited, Removing }

/// <summary>Where a machine is in its life, and how it last ended. Replaced as a whole.</summary>
public sealed record MachineState
{
    public MachineStatus Status { get; set; }
    /// <summary>QEMU's; 0 when it does not run.</summary>
    public int Pid { get; set; }
    /// <summary>0 when the guest shut down; 1 after a panic; 128 and a signal's number when QEMU was killed.</summary>
    public int ExitCode { get; set; }
    public bool OomKilled { get; set; }
    /// <summary>Why the last start failed.</summary>
    public string Error { get; set; } = "";
    /// <summary>Why it is paused, or how it ended, in a few words.</summary>
    public string Cause { get; set; } = "";
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset FinishedAt { get; set; }
    /// <summary>The host's boot in which it was started.</summary>
    public string BootId { get; set; } = "";
    /// <summary>Memory and devices lie in a file, and the next start goes on from there.</summary>
    public bool Saved { get; set; }

    [JsonIgnore] public bool IsLive => Status is MachineStatus.Running or MachineStatus.Paused;

    /// <summary>In lower case, as Docker writes states.</summary>
    [JsonIgnore] public string Word => Saved && !IsLive ? "saved" : Status.ToString().ToLowerInvariant();
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(MachineRecord))]
internal sealed partial class MachineRecordJson : JsonSerializerContext;

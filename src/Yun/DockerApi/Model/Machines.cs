using System.Text.Json.Serialization;
using Yun.Node.Containers;
using Yun.Node.Machines;

namespace Yun.DockerApi.Model;

// The bodies of /yun/v1/machines and /yun/v1/disks, in Docker's manner. docs/machines.openapi.json describes them.

public sealed class MachineCreateResponse
{
    public string Id { get; set; } = "";
}

/// <summary>One of <c>GET /yun/v1/machines/json</c>.</summary>
public sealed class MachineSummary
{
    public string Id { get; set; } = "";
    public string Name { get; set; } = "";
    /// <summary>Seconds since 1970.</summary>
    public long Created { get; set; }
    /// <summary>created, running, paused, restarting, exited, saved.</summary>
    public string State { get; set; } = "";
    /// <summary>For people: <c>Up 5 minutes</c>.</summary>
    public string Status { get; set; } = "";
    public long Memory { get; set; }
    public int Cpus { get; set; }
    /// <summary>By network.</summary>
    public Dictionary<string, string> Addresses { get; set; } = [];
    public Dictionary<string, string> Labels { get; set; } = [];
}

/// <summary><c>GET /yun/v1/machines/{name}/json</c>.</summary>
public sealed class MachineInspect
{
    public string Id { get; set; } = "";
    public string Name { get; set; } = "";
    public DateTimeOffset Created { get; set; }
    public MachineStateInfo State { get; set; } = new();
    public int RestartCount { get; set; }
    /// <summary>qemu with kvm, or with tcg: an emulated processor.</summary>
    public string Hypervisor { get; set; } = "";
    public MachineConfig Config { get; set; } = new();
    public List<MachineDiskInfo> Disks { get; set; } = [];
    public List<MachineSnapshot> Snapshots { get; set; } = [];
    public MachineNetworkSettings NetworkSettings { get; set; } = new();
    /// <summary>What the guest's agent says; null where none listens.</summary>
    public GuestInfo? Guest { get; set; }
    public string LogPath { get; set; } = "";
}

public sealed class MachineStateInfo
{
    public string Status { get; set; } = "";
    public bool Running { get; set; }
    public bool Paused { get; set; }
    public bool Restarting { get; set; }
    public bool Saved { get; set; }
    [JsonPropertyName("OOMKilled")] public bool OomKilled { get; set; }
    public int Pid { get; set; }
    public int ExitCode { get; set; }
    public string Error { get; set; } = "";
    /// <summary>Why it is paused, or how it ended.</summary>
    public string Cause { get; set; } = "";
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset FinishedAt { get; set; }
}

public sealed class MachineDiskInfo
{
    public string Format { get; set; } = "";
    /// <summary>A file of the host, or what it was made from; empty for one that began empty.</summary>
    public string Source { get; set; } = "";
    public long SizeBytes { get; set; }
    public bool ReadOnly { get; set; }
}

public sealed class MachineNetworkSettings
{
    public Dictionary<string, EndpointSettings> Networks { get; set; } = [];
    public Dictionary<string, List<PortBinding>?> Ports { get; set; } = [];
}

/// <summary>One imported disk.</summary>
public sealed class DiskInfo
{
    public string Name { get; set; } = "";
    public string Format { get; set; } = "";
    public long SizeBytes { get; set; }
    public DateTimeOffset Created { get; set; }
}

using Yun.DockerApi.Model;
using Yun.Node.Containers;
using Yun.Node.Machines;

namespace Yun.DockerApi;

/// <summary>Machines as the API shows them.</summary>
internal static class MachineViews
{
    public static MachineSummary Summary(MachineRecord record, DateTimeOffset now)
    {
        return new MachineSummary
        {
            Id = record.Id, Name = record.Name, Created = record.Created.ToUnixTimeSeconds(), State = record.State.Word, Status = Status(record.State, now),
            Memory = Machine.MemoryOf(record.Config), Cpus = Math.Max(1, record.Config.Cpus), Labels = record.Config.Labels,
            Addresses = Endpoints(record).ToDictionary(endpoint => endpoint.Key, endpoint => endpoint.Value.IpAddress is { Length: > 0 } address ? address : endpoint.Value.GlobalIpv6Address ?? ""),
        };
    }

    public static MachineInspect Inspect(MachineRecord record, string hypervisor, string logPath, GuestInfo? guest)
    {
        var state = record.State;
        return new MachineInspect
        {
            Id = record.Id, Name = record.Name, Created = record.Created, RestartCount = record.RestartCount, Hypervisor = hypervisor,
            Config = record.Config, Snapshots = [.. record.Snapshots], LogPath = logPath, Guest = guest,
            State = new MachineStateInfo
            {
                Status = state.Word, Running = state.IsLive, Paused = state.Status == MachineStatus.Paused, Restarting = state.Status == MachineStatus.Restarting, Saved = state.Saved && !state.IsLive,
                OomKilled = state.OomKilled, Pid = state.Pid, ExitCode = state.ExitCode, Error = state.Error, Cause = state.Cause, StartedAt = state.StartedAt, FinishedAt = state.FinishedAt,
            },
            Disks = [.. record.Disks.Select((disk, i) => new MachineDiskInfo { Format = disk.Format, Source = disk.HostPath != "" ? disk.HostPath : i < record.Config.Disks.Count ? record.Config.Disks[i].Source : "", SizeBytes = disk.SizeBytes, ReadOnly = disk.ReadOnly })],
            NetworkSettings = new MachineNetworkSettings { Networks = Endpoints(record), Ports = state.IsLive ? record.Ports : [] },
        };
    }

    // Of one that does not run: what it will ask for.
    private static Dictionary<string, EndpointSettings> Endpoints(MachineRecord record) =>
        record.State.IsLive && record.Endpoints.Count > 0 ? record.Endpoints : record.Config.Networks.ToDictionary(network => network.Key, network => network.Value ?? new EndpointSettings());

    private static string Status(MachineState state, DateTimeOffset now) => state.Status switch
    {
        // Another hypervisor does not say since when.
        _ when state.StartedAt == default && state.FinishedAt == default && state.Status is not MachineStatus.Created => state.Status switch
        {
            MachineStatus.Running => "Up",
            MachineStatus.Paused => "Up (Paused)",
            _ => state.Saved ? "Saved" : "Exited",
        },
        MachineStatus.Running => $"Up {ContainerStatusText.Duration(now - state.StartedAt)}",
        MachineStatus.Paused => $"Up {ContainerStatusText.Duration(now - state.StartedAt)} (Paused{(state.Cause == "" ? "" : ": " + state.Cause)})",
        MachineStatus.Restarting => $"Restarting ({state.ExitCode}) {ContainerStatusText.Duration(now - state.FinishedAt)} ago",
        MachineStatus.Exited => $"{(state.Saved ? "Saved" : $"Exited ({state.ExitCode})")} {ContainerStatusText.Duration(now - state.FinishedAt)} ago",
        MachineStatus.Removing => "Removal In Progress",
        _ => "Created",
    };
}

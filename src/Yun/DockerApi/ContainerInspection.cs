using Yun.DockerApi.Model;
using Yun.Node.Containers;
using Yun.Node.Networks;
using Yun.Protocol;
using ModelState = Yun.DockerApi.Model.ContainerState;
using ModelProbe = Yun.DockerApi.Model.HealthProbe;

namespace Yun.DockerApi;

/// <summary>A container as <c>inspect</c> shows it.</summary>
internal static class ContainerInspection
{
    public static ContainerInspect Of(Container container, bool withSize)
    {
        var record = container.Record;
        return new ContainerInspect
        {
            Id = record.Id,
            Created = record.Created,
            Path = record.Command[0],
            Args = [.. record.Command.Skip(1)],
            State = State(record.State),
            Image = record.Image.ToString(),
            ResolvConfPath = container.ResolvConfPath,
            HostnamePath = container.HostnamePath,
            HostsPath = container.HostsPath,
            LogPath = record.HostConfig.LogConfig?.Type == "none" ? "" : container.LogPath,
            Name = "/" + record.Name,
            RestartCount = record.RestartCount,
            Driver = "overlay2",
            Platform = "linux",
            HostConfig = LegacyLink.Shown(container),
            GraphDriver = Driver(container),
            SizeRw = withSize ? container.ChangedBytes() : null,
            SizeRootFs = withSize ? container.ChangedBytes() + (container.Engine.Images.TryFind(record.Image.ToString())?.SizeBytes ?? 0) : null,
            Mounts = ContainerSummaries.Mounts(record),
            Config = record.Config,
            NetworkSettings = Networks(container),
        };
    }

    /// <summary>By name: what it has while it runs, else what it will ask for.</summary>
    public static Dictionary<string, EndpointSettings> NetworksOf(Container container)
    {
        var record = container.Record;
        if (record.State.IsLive) return container.Engine.Networks.SandboxOf(record.Id) is { } sandbox ? new(sandbox.Endpoints) : record.Endpoints;
        var networks = record.WantedEndpoints.ToDictionary(e => e.Key, e => e.Value ?? new EndpointSettings());
        var mode = record.NetworkMode;
        if (!record.HasLeftModeNetwork && NamespaceMode.SharedContainer(mode) is null && networks.Count == 0) networks[mode] = new EndpointSettings();
        return networks;
    }

    private static ModelState State(Node.Containers.ContainerState state) => new()
    {
        Status = state.Word,
        Running = state.IsLive || state.Status == ContainerStatus.Restarting,
        Paused = state.Status == ContainerStatus.Paused,
        Restarting = state.Status == ContainerStatus.Restarting,
        OomKilled = state.OomKilled,
        Dead = state.Status == ContainerStatus.Dead,
        Pid = state.Pid,
        ExitCode = state.ExitCode,
        Error = state.Error,
        StartedAt = state.StartedAt,
        FinishedAt = state.FinishedAt,
        Health = state.Health is not { } health ? null : new ContainerHealth
        {
            Status = health.Status, FailingStreak = health.FailingStreak,
            Log = [.. health.Log.Select(p => new ModelProbe { Start = p.Start, End = p.End, ExitCode = p.ExitCode, Output = p.Output })],
        },
    };

    private static GraphDriver Driver(Container container)
    {
        var data = new Dictionary<string, string> { ["UpperDir"] = container.UpperDirectory, ["WorkDir"] = container.WorkDirectory, ["MergedDir"] = "" };
        try { data["LowerDir"] = string.Join(':', container.Engine.Images.LayerDirectories(container.Engine.Images.FindForContainer(container.Record.Image.ToString()))); }
        catch (EngineException) { data["LowerDir"] = ""; }
        return new GraphDriver { Name = "overlay2", Data = data };
    }

    private static NetworkSettings Networks(Container container)
    {
        var networks = NetworksOf(container);
        var settings = new NetworkSettings { Networks = networks, Ports = container.State.IsLive ? container.Record.Ports : [] };
        // No file stands for a namespace of ours; that of its first process is one that nsenter and the like take as well.
        if (container.State is { IsLive: true, Pid: > 0 } live) (settings.SandboxId, settings.SandboxKey) = (container.Id, $"/proc/{live.Pid}/ns/net");
        // These repeat the default bridge's, for clients written before there were other networks.
        if (networks.GetValueOrDefault(NetworkNames.Bridge) is not { EndpointId.Length: > 0 } bridge) return settings;
        settings.EndpointId = bridge.EndpointId!;
        settings.Gateway = bridge.Gateway ?? "";
        settings.IpAddress = bridge.IpAddress ?? "";
        settings.IpPrefixLen = bridge.IpPrefixLen;
        settings.MacAddress = bridge.MacAddress ?? "";
        settings.GlobalIpv6Address = bridge.GlobalIpv6Address ?? "";
        settings.GlobalIpv6PrefixLen = bridge.GlobalIpv6PrefixLen;
        settings.Ipv6Gateway = bridge.Ipv6Gateway ?? "";
        return settings;
    }
}

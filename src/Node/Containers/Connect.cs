using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>Puts the container on one more network: at once when it runs, else from its next start on.</summary>
    public async Task ConnectAsync(Network network, EndpointSettings? settings, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            var next = _record with { WantedEndpoints = new(_record.WantedEndpoints) { [network.Name] = settings }, HasLeftModeNetwork = _record.HasLeftModeNetwork && !IsOfMode(network) };
            if (State.IsLive) next = With(next, await Engine.Networks.ConnectAsync(network.Id, Id, settings, cancel));
            else RequireConnectable(network);
            await SaveAsync(next);
        }
        PublishNetwork("connect", network);
    }

    public async Task DisconnectAsync(Network network, bool force, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            if (!State.IsLive && !IsWanted(network)) throw new EngineException(ErrorKind.Forbidden, $"container {Id} is not connected to network {network.Name}");
            var next = Without(network);
            if (State.IsLive) next = With(next, await Engine.Networks.DisconnectAsync(network.Id, Id, force, cancel));
            await SaveAsync(next);
        }
        PublishNetwork("disconnect", network);
    }

    private void RequireConnectable(Network network)
    {
        if (_record.NetworkMode == NetworkNames.Host) throw new EngineException(ErrorKind.InvalidArgument, "container cannot be disconnected from host network or connected to host network");
        if (NamespaceMode.SharedContainer(_record.NetworkMode) is not null)
            throw new EngineException(ErrorKind.InvalidArgument, "container sharing network namespace with another container or host cannot be connected to any other network");
        if (_record.NetworkMode == NetworkNames.None && !_record.HasLeftModeNetwork)
            throw new EngineException(ErrorKind.InvalidArgument, "container cannot be connected to multiple networks with one of the networks in private (none) mode");
        if (IsWanted(network)) throw new EngineException(ErrorKind.Forbidden, $"endpoint with name {Name} already exists in network {network.Name}");
    }

    private bool IsWanted(Network network) => _record.WantedEndpoints.ContainsKey(network.Name) || (IsOfMode(network) && !_record.HasLeftModeNetwork);

    private bool IsOfMode(Network network) => NetworkNames.FromMode(HostConfig.NetworkMode) is var mode && (mode == network.Name || mode == network.Id);

    private ContainerRecord Without(Network network) => _record with
    {
        WantedEndpoints = _record.WantedEndpoints.Where(endpoint => endpoint.Key != network.Name && endpoint.Key != network.Id).ToDictionary(),
        HasLeftModeNetwork = _record.HasLeftModeNetwork || IsOfMode(network),
    };

    /// <summary>The record with what the container has now. Its files are mounted into it, so they are written in place: a new file would not be seen inside.</summary>
    private ContainerRecord With(ContainerRecord record, Sandbox sandbox)
    {
        File.WriteAllText(HostsPath, sandbox.Hosts);
        File.WriteAllText(ResolvConfPath, sandbox.ResolvConf);
        return record with { Endpoints = new(sandbox.Endpoints), Ports = new(sandbox.Ports) };
    }

    private void PublishNetworks(string action, IReadOnlyDictionary<string, EndpointSettings> endpoints)
    {
        foreach (var (name, endpoint) in endpoints)
            if (Engine.Networks.TryFind(endpoint.NetworkId ?? name) is { } network) PublishNetwork(action, network);
    }

    private void PublishNetwork(string action, Network network) =>
        Engine.Events.Publish("network", action, network.Id, new Dictionary<string, string> { ["container"] = Id, ["name"] = network.Name, ["type"] = network.Driver });
}

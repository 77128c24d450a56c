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
            var next = _record with { WantedEndpoints = new(_record.WantedEndpoints) { [network.Name] = settings } };
            if (State.IsLive) next = With(next, await Engine.Networks.ConnectAsync(network.Id, Id, settings, cancel));
            else if (IsWanted(network)) throw new EngineException(ErrorKind.Forbidden, $"endpoint with name {Name} already exists in network {network.Name}");
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

    private bool IsWanted(Network network) => _record.WantedEndpoints.ContainsKey(network.Name) || IsMain(network);

    private bool IsMain(Network network) => NetworkNames.FromMode(HostConfig.NetworkMode) is var mode && (mode == network.Name || mode == network.Id);

    private ContainerRecord Without(Network network)
    {
        var wanted = _record.WantedEndpoints.Where(endpoint => endpoint.Key != network.Name).ToDictionary();
        if (!IsMain(network)) return _record with { WantedEndpoints = wanted };
        // Without its main network it must not be put back on it by the next start.
        var host = HostConfigChange.Copy(HostConfig);
        host.NetworkMode = wanted.Keys.FirstOrDefault() ?? "none";
        return _record with { WantedEndpoints = wanted, HostConfig = host };
    }

    /// <summary>The record with what the container has now. Its files are mounted into it, so they are written in place: a new file would not be seen inside.</summary>
    private ContainerRecord With(ContainerRecord record, Sandbox sandbox)
    {
        File.WriteAllText(HostsPath, sandbox.Hosts);
        File.WriteAllText(ResolvConfPath, sandbox.ResolvConf);
        return record with { Endpoints = new(sandbox.Endpoints), Ports = new(sandbox.Ports) };
    }

    private void PublishNetwork(string action, Network network) =>
        Engine.Events.Publish("network", action, network.Id, new Dictionary<string, string> { ["container"] = Id, ["name"] = network.Name, ["type"] = network.Driver });
}

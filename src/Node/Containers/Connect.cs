using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>Puts the container on one more network: at once when it runs, else from its next start.</summary>
    public async Task ConnectAsync(Network network, EndpointSettings? settings, CancellationToken cancel = default)
    {
        using var turn = await TakeTurnAsync(cancel);
        var wanted = new Dictionary<string, EndpointSettings?>(Record.WantedEndpoints) { [network.Name] = settings };
        if (State.IsLive) await SaveAsync(WithSandbox(await Engine.Networks.ConnectAsync(network.Id, Id, settings, cancel)) with { WantedEndpoints = wanted });
        else if (IsWanted(network)) throw new EngineException(ErrorKind.Forbidden, $"endpoint with name {Name} already exists in network {network.Name}");
        else await SaveAsync(Record with { WantedEndpoints = wanted });
        PublishNetwork("connect", network);
    }

    public async Task DisconnectAsync(Network network, bool force, CancellationToken cancel = default)
    {
        using var turn = await TakeTurnAsync(cancel);
        var wanted = Record.WantedEndpoints.Where(endpoint => endpoint.Key != network.Name).ToDictionary();
        if (State.IsLive) await SaveAsync(WithSandbox(await Engine.Networks.DisconnectAsync(network.Id, Id, force, cancel)) with { WantedEndpoints = wanted });
        else if (!IsWanted(network)) throw new EngineException(ErrorKind.Forbidden, $"container {Id} is not connected to network {network.Name}");
        else await SaveAsync(Record with { WantedEndpoints = wanted });
        PublishNetwork("disconnect", network);
    }

    private bool IsWanted(Network network) =>
        Record.WantedEndpoints.ContainsKey(network.Name) || NetworkNames.FromMode(HostConfig.NetworkMode) is var mode && (mode == network.Name || mode == network.Id);

    /// <summary>The record with what the container has now. Its files are written in place: they are mounted into it.</summary>
    private ContainerRecord WithSandbox(Sandbox sandbox)
    {
        File.WriteAllText(HostsPath, sandbox.Hosts);
        File.WriteAllText(ResolvConfPath, sandbox.ResolvConf);
        return Record with { Endpoints = new(sandbox.Endpoints), Ports = new(sandbox.Ports) };
    }

    private void PublishNetwork(string action, Network network) =>
        Engine.Events.Publish("network", action, network.Id, new Dictionary<string, string> { ["container"] = Id, ["name"] = network.Name, ["type"] = network.Driver });
}

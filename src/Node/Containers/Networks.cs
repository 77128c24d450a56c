namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>Puts it on one more network: at once when it runs, else from its next start on.</summary>
    /// <param name="network">The network's name.</param>
    public async Task ConnectAsync(string network, EndpointSettings? settings, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            var next = _record with { WantedEndpoints = new(_record.WantedEndpoints) { [network] = settings } };
            if (State.IsLive) next = With(next, await Engine.Networks.ConnectAsync(network, Id, settings, cancel));
            await SaveAsync(next);
        }
    }

    public async Task DisconnectAsync(string network, bool force, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            var wanted = new Dictionary<string, EndpointSettings?>(_record.WantedEndpoints);
            wanted.Remove(network);
            var host = HostConfig;
            // Without its main network it must not be put back on it by the next start.
            if (host.NetworkMode == network)
            {
                host = HostConfigChange.Copy(host);
                host.NetworkMode = wanted.Keys.FirstOrDefault() ?? "none";
            }
            var next = _record with { WantedEndpoints = wanted, HostConfig = host };
            if (State.IsLive) next = With(next, await Engine.Networks.DisconnectAsync(network, Id, force, cancel));
            await SaveAsync(next);
        }
    }

    private ContainerRecord With(ContainerRecord record, Networks.Sandbox sandbox)
    {
        // The files are bind-mounted, so they are written in place: a new file would not be seen inside.
        File.WriteAllText(HostsPath, sandbox.Hosts);
        File.WriteAllText(ResolvConfPath, sandbox.ResolvConf);
        return record with { Endpoints = new(sandbox.Endpoints), Ports = new(sandbox.Ports) };
    }
}

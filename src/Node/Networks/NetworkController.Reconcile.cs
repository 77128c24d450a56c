using System.Net.Sockets;
using System.Text.Json;
using Yun.Linux;
using Yun.Linux.Netlink;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>Brings the kernel to what is recorded: what belongs to no live container is removed, what does is taken up again.</summary>
    public async Task ReconcileAsync(IEnumerable<LiveContainer> live, CancellationToken cancel = default)
    {
        var processes = live.ToDictionary(container => container.Id, container => container.Pid);
        EnableForwarding();
        foreach (var (id, attachment) in _attachments)
        {
            if (processes.ContainsKey(id)) continue;
            _attachments.TryRemove(id, out _);
            attachment.Dispose();
            await _store.DeleteAsync(AttachmentsPrefix + id, cancel);
        }
        foreach (var attachment in _attachments.Values)
            foreach (var endpoint in attachment.Record.Endpoints)
                if (_local.TryGetValue(endpoint.NetworkId, out var bridge)) TakeAgain(bridge, endpoint);
        await DefinePredefinedAsync(cancel);
        if (_local.Values.Any(bridge => bridge is { IsBridge: true, Ipv6: not null })) EnableIpv6Forwarding();
        foreach (var bridge in _local.Values.Where(network => network.IsBridge)) RaiseBridge(bridge);
        foreach (var network in _local.Values.Where(network => !network.IsBridge)) TakeUpParent(network);
        RemoveStale();
        foreach (var bridge in _local.Values) _firewall.Change(FirewallElements.OfNetwork(bridge), []);
        foreach (var (id, attachment) in _attachments) TakeUp(attachment, processes[id]);
        WatchFirewall();
        _firewall.Restore();
        OpenForeignFirewalls();
        _namespaces.Start();
    }

    /// <summary>Removes all of ours when no container is attached; else leaves it, for the containers run on.</summary>
    public async Task ShutdownAsync(CancellationToken cancel = default)
    {
        await _defining.WaitAsync(cancel);
        try
        {
            StopWatchingFirewall();
            _retired.DeleteAll();
            if (_attachments.Values.Any(attachment => attachment.Record.Endpoints.Any(endpoint => endpoint.HasInterface))) return;
            foreach (var network in _networks.Values.Where(network => network.Bridge != ""))
            {
                CloseForeignFirewalls(network.Bridge);
                Lower(network);
            }
            _firewall.Remove();
        }
        finally { _defining.Release(); }
    }

    /// <summary>Lets go of what this process holds; the kernel's part stays as it is.</summary>
    public async ValueTask DisposeAsync()
    {
        StopWatchingFirewall();
        _retired.Dispose();
        await _namespaces.DisposeAsync();
        foreach (var attachment in _attachments.Values) attachment.Dispose();
        _stopping.Dispose();
        _defining.Dispose();
    }

    private void TakeAgain(LocalNetwork bridge, EndpointRecord endpoint)
    {
        foreach (var address in endpoint.Addresses)
        {
            try { bridge.SubnetFor(address)?.Addresses.Take(address); }
            catch (EngineException error) { _log.Warn($"The address {address} of endpoint {endpoint.EndpointId[..12]} is taken twice: {error.Message}"); }
        }
    }

    /// <summary>bridge, host and none are there from the first start, and keep their ids.</summary>
    private async Task DefinePredefinedAsync(CancellationToken cancel)
    {
        foreach (var (name, driver) in new[] { (NetworkNames.Host, "host"), (NetworkNames.None, "null") })
            if (!_networks.Values.Any(network => network.Name == name))
                await PutAsync(new Network { Id = NewId(), Name = name, Created = DateTime.UtcNow, Driver = driver }, cancel);
        var known = DefaultBridge;
        if (_options.Bridge == NetworkNames.None)
        {
            if (known is null) return;
            Forget(known.Definition);
            await _store.DeleteAsync(NetworksPrefix + known.Definition.Id, cancel);
            return;
        }
        var name2 = _options.Bridge is { Length: > 0 } asked ? asked : _names.DefaultBridge;
        if (known is not null && (IsAsConfigured(known, name2) || EndpointsOf(known.Definition).Count > 0)) return;
        if (known is not null) Forget(known.Definition);
        var (subnet, gateway, isForeign) = PlaceDefaultBridge(name2);
        var network = new Network
        {
            Id = known?.Definition.Id ?? NewId(), Name = NetworkNames.Bridge, Created = known?.Definition.Created ?? DateTime.UtcNow, Driver = NetworkNames.Bridge, Bridge = name2, BridgeIsForeign = isForeign,
            EnableIpv6 = _options.BridgeHasIpv6,
            Ipam = new NetworkIpam
            {
                Config =
                [
                    Complete(new NetworkIpamConfig { Subnet = subnet.ToString(), Gateway = gateway.ToString(), IpRange = _options.BridgeRange }, AddressFamily.InterNetwork),
                    .. _options.BridgeHasIpv6 ? [Complete(new NetworkIpamConfig { Subnet = _options.BridgeIpv6Subnet }, AddressFamily.InterNetworkV6)] : Array.Empty<NetworkIpamConfig>(),
                ],
            },
            Options = new Dictionary<string, string>
            {
                [NetworkOption.DefaultBridge] = "true", [NetworkOption.InterContainerCommunication] = _options.InterContainerCommunication ? "true" : "false", [NetworkOption.Masquerade] = _options.IsMasqueraded ? "true" : "false",
                [NetworkOption.HostAddress] = _options.DefaultHostIp, [NetworkOption.BridgeName] = name2, [NetworkOption.Mtu] = _options.Mtu.ToString(),
            },
        };
        await PutAsync(network, cancel);
    }

    private bool IsAsConfigured(LocalNetwork known, string name) =>
        known.Definition.Bridge == name && known.ContainersTalk == _options.InterContainerCommunication && known.Mtu == _options.Mtu && known.IsMasqueraded == _options.IsMasqueraded
        && known.Definition.Options.GetValueOrDefault(NetworkOption.HostAddress) == _options.DefaultHostIp && (known.Definition.Ipam.Config[0].IpRange ?? "") == (_options.BridgeRange ?? "")
        && known.Definition.EnableIpv6 == _options.BridgeHasIpv6 && (_options.BridgeIpv6Subnet is null || known.Ipv6?.Prefix.ToString() == _options.BridgeIpv6Subnet)
        && (_options.BridgeAddress is null or "" || _options.BridgeAddress == $"{known.Ipv4?.Gateway}/{known.Ipv4?.Prefix.PrefixLength}")
        && !(known.Definition.BridgeIsForeign && FindBridge(name) == 0);

    private async Task PutAsync(Network network, CancellationToken cancel)
    {
        await _store.PutAsync(NetworksPrefix + network.Id, JsonSerializer.SerializeToUtf8Bytes(network, NetworksJson.Default.Network), cancel);
        Know(network);
    }

    private void Forget(Network network)
    {
        LowerBridge(network);
        _networks.TryRemove(network.Id, out _);
        _local.TryRemove(network.Id, out _);
    }

    private void RemoveStale()
    {
        var wanted = _attachments.Values.SelectMany(attachment => attachment.Record.Endpoints).Select(endpoint => _names.Veth(endpoint.EndpointId))
            .Concat(_local.Values.Select(bridge => bridge.Definition.Bridge)).ToHashSet();
        using var route = new RouteSocket();
        foreach (var link in route.Links())
            if ((_names.IsVeth(link.Name) || (_names.IsBridge(link.Name) && link.Kind is "bridge" or "veth" && !_names.IsFarEnd(link.Name))) && !wanted.Contains(link.Name)) DeleteLink(route, link.Name);
    }

    /// <summary>A container that ran on without us: its namespace is its process's, its interfaces and ports are as recorded.</summary>
    private void TakeUp(Attachment attachment, int pid)
    {
        var record = attachment.Record;
        try
        {
            if (record.Mode == NetworkNames.Host) return;
            if (NetworkNamespace.IsOurs(pid)) throw new EngineException(ErrorKind.Internal, $"process {pid} is not in a namespace of its own");
            attachment.Namespace = NetworkNamespace.OfProcess(pid);
            if (record.Mode != "") return;
            RaiseMissing(attachment);
            if (TargetsOf(record) is { IsEmpty: false } targets)
            {
                try { attachment.Ports = _ports.TakeAgain(record.Ports, targets); }
                // Someone took a port while nobody held it. The rules still lead it to the container, so that one wins.
                catch (EngineException error) { _log.Warn($"Ports of container {record.Name} cannot be held: {error.Message}"); }
                Publish(record.Ports, targets);
            }
            StartNameServer(attachment);
        }
        catch (Exception error) when (error is SyscallException or EngineException or IOException or Linux.Nftables.NftablesException)
        {
            _log.Error($"The network of container {record.Name} cannot be taken up: {error.Message}");
        }
    }

    private void RaiseMissing(Attachment attachment)
    {
        using var host = new RouteSocket();
        foreach (var endpoint in attachment.Record.Endpoints)
        {
            if (!IsOnBridge(endpoint))
            {
                RaiseMissingOnLan(attachment, endpoint);
                continue;
            }
            var veth = _names.Veth(endpoint.EndpointId);
            var link = host.FindLink(veth);
            if (link is not null && link.Master == _local[endpoint.NetworkId].BridgeIndex) continue;
            if (link is not null)
            {
                host.Execute(new RouteRequest().SetMaster(veth, _local[endpoint.NetworkId].BridgeIndex));
                continue;
            }
            using var inside = new RouteSocket(attachment.Namespace!);
            RaiseEndpoint(attachment.Namespace!, inside, endpoint, attachment.Record.MachineUser);
            SetGateways(inside, attachment.Record);
        }
    }
}

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Netlink;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>Makes a container's namespace, its interfaces, names and published ports.</summary>
    public async Task<Sandbox> AttachAsync(SandboxRequest request, CancellationToken cancel = default)
    {
        // What an earlier run of the container left, if its end was never seen.
        await DetachAsync(request.ContainerId, cancel);
        var mode = request.Config.NetworkDisabled == true ? NetworkNames.None : NetworkNames.FromMode(request.HostConfig.NetworkMode);
        var record = RecordOf(request, mode);
        if (NamespaceMode.SharedContainer(mode) is { } other) return await ShareAsync(record, other);
        var attachment = Reserve(record, Wanted(request, mode));
        try
        {
            await SaveAsync(attachment, attachment.Record);
            if (attachment.Record.Mode != NetworkNames.Host) Raise(attachment, request.Namespace);
            return SandboxOf(attachment);
        }
        catch (Exception)
        {
            await DetachAsync(request.ContainerId, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Takes it all back. Does nothing when the container is not attached.</summary>
    public async Task DetachAsync(string containerId, CancellationToken cancel = default)
    {
        if (!_attachments.TryGetValue(containerId, out var attachment)) return;
        var record = attachment.Record;
        if (attachment.Ports is { } ports) Unpublish(ports.Ports, TargetsOf(record));
        _retired.Add(record.Endpoints.Where(IsOnBridge).Select(endpoint => _names.Veth(endpoint.EndpointId)));
        attachment.Dispose();
        lock (_turn)
        {
            foreach (var endpoint in record.Endpoints) Release(endpoint);
            _attachments.TryRemove(containerId, out _);
        }
        await _store.DeleteAsync(AttachmentsPrefix + containerId, CancellationToken.None);
    }

    /// <summary>Which networks, by name, and how.</summary>
    private List<(Network Network, EndpointSettings Asked)> Wanted(SandboxRequest request, string mode)
    {
        var wanted = new List<(Network, EndpointSettings)>();
        if (mode is NetworkNames.Host or NetworkNames.None) return [(Find(mode), new EndpointSettings())];
        var asked = request.NetworkingConfig?.EndpointsConfig ?? [];
        foreach (var (name, settings) in asked)
        {
            var network = Find(name is "default" ? NetworkNames.Bridge : name);
            RequireJoinable(network);
            if (!_local.ContainsKey(network.Id)) throw new EngineException(ErrorKind.InvalidArgument, $"conflicting options: a container cannot be on {network.Name} and on another network");
            if (!wanted.Any(other => other.Item1.Id == network.Id)) wanted.Add((network, settings ?? new EndpointSettings()));
        }
        var main = Find(mode);
        RequireJoinable(main);
        var place = wanted.FindIndex(other => other.Item1.Id == main.Id);
        if (place < 0) wanted.Insert(place = 0, (main, new EndpointSettings()));
        // Clients of before API 1.44 say the address of the main network's interface in the container's configuration.
        if (request.Config.MacAddress is { Length: > 0 } mac && wanted[place].Item2 is { MacAddress: null or "" } asks) wanted[place] = (main, asks.WithMacAddress(mac));
        return wanted;
    }

    private static AttachmentRecord RecordOf(SandboxRequest request, string mode)
    {
        var wantedPorts = new Dictionary<string, List<PortBinding>?>();
        foreach (var exposed in request.Config.ExposedPorts?.Keys ?? Enumerable.Empty<string>()) wantedPorts[exposed] = request.HostConfig.PublishAllPorts ? [new PortBinding()] : null;
        foreach (var (key, bindings) in request.HostConfig.PortBindings ?? []) wantedPorts[key] = bindings is { Count: > 0 } ? bindings : [new PortBinding()];
        return new AttachmentRecord
        {
            ContainerId = request.ContainerId, MachineUser = request.MachineUser, AsksForAddresses = request.AsksForAddresses, Name = request.Name, Hostname = request.Hostname, Domainname = request.Domainname,
            Mode = mode is NetworkNames.Host or NetworkNames.None || NamespaceMode.SharedContainer(mode) is not null ? mode : "",
            WantedPorts = wantedPorts, DnsServers = request.HostConfig.Dns ?? [], DnsSearch = request.HostConfig.DnsSearch ?? [],
            DnsOptions = request.HostConfig.DnsOptions ?? [], ExtraHosts = request.HostConfig.ExtraHosts ?? [], Links = request.HostConfig.Links ?? [],
        };
    }

    /// <summary>Takes addresses and ports, so that nobody else can, and makes the record that says so.</summary>
    private Attachment Reserve(AttachmentRecord record, List<(Network Network, EndpointSettings Asked)> wanted)
    {
        var attachment = new Attachment(record);
        lock (_turn)
        {
            try
            {
                foreach (var (network, asked) in wanted) attachment.Record = attachment.Record with { Endpoints = [.. attachment.Record.Endpoints, NewEndpoint(attachment.Record, network, asked)] };
                _attachments[record.ContainerId] = attachment;
            }
            catch (Exception)
            {
                foreach (var endpoint in attachment.Record.Endpoints) Release(endpoint);
                throw;
            }
        }
        try { ReservePorts(attachment); }
        catch (Exception)
        {
            lock (_turn)
            {
                foreach (var endpoint in attachment.Record.Endpoints) Release(endpoint);
                _attachments.TryRemove(record.ContainerId, out _);
            }
            throw;
        }
        return attachment;
    }

    private EndpointRecord NewEndpoint(AttachmentRecord record, Network network, EndpointSettings asked)
    {
        var endpoint = new EndpointRecord { NetworkId = network.Id, EndpointId = NewId(), Asked = asked };
        if (network.Driver is "host" or "null") return endpoint;
        if (!_local.TryGetValue(network.Id, out var bridge)) throw new EngineException(ErrorKind.NotFound, $"network {network.Name} not found");
        var (ipv4Wished, ipv6Wished) = (asked.IpamConfig?.Ipv4Address ?? "", asked.IpamConfig?.Ipv6Address ?? "");
        if (ipv4Wished + ipv6Wished != "" && bridge.IsDefault) throw new EngineException(ErrorKind.InvalidArgument, "user specified IP address is supported on user defined networks only");
        foreach (var (wished, subnet, family) in new[] { (ipv4Wished, bridge.Ipv4, AddressFamily.InterNetwork), (ipv6Wished, bridge.Ipv6, AddressFamily.InterNetworkV6) })
            if (wished != "" && subnet is null && !network.Ipam.Config.Exists(config => Subnet.IsOf(config.Subnet, family))) throw new EngineException(ErrorKind.InvalidArgument, $"invalid address {wished}: the network {network.Name} has no addresses of this family");
        var mac = asked.MacAddress is { Length: > 0 } wishedMac ? MacAddress.Parse(wishedMac) : null;
        if (!bridge.IsBridge) RequireOnLan(record, bridge, mac);
        // A machine whose system has its address written down gets it again, where nobody else has it now.
        var ipv4 = record.AsksForAddresses && ipv4Wished == "" && TryTake(bridge.Ipv4, asked.IpAddress) is { } again ? again : bridge.Take(ipv4Wished, AddressFamily.InterNetwork);
        IPAddress? ipv6;
        try { ipv6 = bridge.Take(ipv6Wished, AddressFamily.InterNetworkV6); }
        catch (EngineException)
        {
            if (ipv4 is not null) bridge.SubnetFor(ipv4)!.Addresses.Release(ipv4);
            throw;
        }
        return endpoint with
        {
            Interface = InterfaceOf(record, bridge, asked), Address = ipv4?.ToString() ?? "", Ipv6Address = ipv6?.ToString() ?? "", MacAddress = network.Driver == NetworkNames.Ipvlan ? "" : MacAddress.Text(mac ?? MacAddress.Of((ipv4 ?? ipv6)!)),
        };
    }

    private static IPAddress? TryTake(Subnet? subnet, string? address)
    {
        if (subnet is null || address is null or "") return null;
        try { return subnet.Take(address); }
        catch (EngineException) { return null; }
    }

    private static string InterfaceOf(AttachmentRecord record, LocalNetwork bridge, EndpointSettings asked)
    {
        bool IsTaken(string name) => name == "lo" || record.Endpoints.Any(other => other.Interface == name);
        if (EndpointOption.InterfaceName(asked) is { } wished)
            return IsTaken(wished) ? throw new EngineException(ErrorKind.InvalidArgument, $"invalid interface name {wished}: another interface of the container has it") : wished;
        var number = 0;
        while (IsTaken($"{bridge.InterfacePrefix}{number}")) number++;
        return $"{bridge.InterfacePrefix}{number}";
    }

    private bool IsOnBridge(EndpointRecord endpoint) => endpoint.HasInterface && _local.TryGetValue(endpoint.NetworkId, out var network) && network.IsBridge;

    private static void RequireJoinable(Network network)
    {
        if (network.ConfigOnly) throw new EngineException(ErrorKind.Forbidden, $"cannot create endpoint on configuration-only network {network.Name}");
    }

    private void Release(EndpointRecord endpoint)
    {
        if (!_local.TryGetValue(endpoint.NetworkId, out var bridge)) return;
        foreach (var address in endpoint.Addresses) bridge.SubnetFor(address)?.Addresses.Release(address);
    }

    /// <summary>The kernel's part: namespace, interfaces, rules, name server.</summary>
    private void Raise(Attachment attachment, SafeFileHandle? given)
    {
        var record = attachment.Record;
        attachment.Namespace = given is null ? _namespaces.Take() : NetworkNamespace.Duplicate(given);
        using var inside = new RouteSocket(attachment.Namespace);
        if (given is not null)
        {
            NetworkNamespace.Configure(given, SandboxSettings.All);
            inside.Execute(new RouteRequest().SetUp("lo"));
        }
        foreach (var endpoint in record.Endpoints.Where(endpoint => endpoint.HasInterface)) RaiseEndpoint(attachment.Namespace, inside, endpoint, record.MachineUser);
        SetGateways(inside, record);
        if (attachment.Ports is { } ports) Publish(ports.Ports, TargetsOf(record));
        StartNameServer(attachment);
    }

    private void RaiseEndpoint(SafeFileHandle space, RouteSocket inside, EndpointRecord endpoint, uint machineUser)
    {
        var bridge = _local[endpoint.NetworkId];
        var veth = _names.Veth(endpoint.EndpointId);
        using var host = new RouteSocket();
        if (!bridge.IsBridge)
        {
            RaiseOnLan(space, host, bridge, endpoint);
            RaiseAddresses(space, inside, bridge, endpoint, bridge.Definition.Bridge);
            return;
        }
        var address = machineUser == 0 ? MacAddress.Parse(endpoint.MacAddress) : Changed(endpoint, 0x04);
        try { host.Execute(VethOf(bridge, address, endpoint.Interface, veth, space)); }
        // Somebody removed the bridge under us.
        catch (SyscallException error) when (error.Errno is Errno.ENODEV or Errno.EINVAL && FindBridge(bridge.Definition.Bridge) != bridge.BridgeIndex)
        {
            DeleteLink(host, veth);
            RaiseBridge(bridge);
            host.Execute(VethOf(bridge, address, endpoint.Interface, veth, space));
        }
        if (machineUser != 0) RaiseTap(space, inside, endpoint, machineUser);
        else RaiseAddresses(space, inside, bridge, endpoint, veth);
        AwaitRunning(host, veth);
        AwaitRunning(host, bridge.Definition.Bridge);
    }

    private static void RaiseAddresses(SafeFileHandle space, RouteSocket inside, LocalNetwork bridge, EndpointRecord endpoint, string veth)
    {
        var link = inside.FindLink(endpoint.Interface) ?? throw new EngineException(ErrorKind.Internal, $"The interface {endpoint.Interface} of {veth} is not in its namespace.");
        if (bridge.Ipv6 is not null) NetworkNamespace.Configure(space, SandboxSettings.WithIpv6(endpoint.Interface));
        if (EndpointOption.Settings(endpoint.Asked, endpoint.Interface) is { Length: > 0 } settings) NetworkNamespace.Configure(space, settings);
        var request = new RouteRequest();
        foreach (var address in endpoint.Addresses) request.AddAddress(link.Index, address, bridge.SubnetFor(address)!.Prefix.PrefixLength);
        foreach (var local in (endpoint.Asked.IpamConfig?.LinkLocalIps ?? []).Select(IPAddress.Parse)) request.AddAddress(link.Index, local, local.AddressFamily == AddressFamily.InterNetwork ? 16 : 64);
        inside.Execute(request.SetUp(endpoint.Interface));
    }

    /// <summary>The kernel notices a carrier a little later, and until then a bridge drops what is sent: a container's first packet would be asked for again only after a second.</summary>
    private static void AwaitRunning(RouteSocket host, string name)
    {
        for (var attempt = 0; attempt < 50 && host.FindLink(name) is { IsRunning: false }; attempt++) Thread.Sleep(1);
    }

    private const int Ipv6MtuMin = 1280;

    private static RouteRequest VethOf(LocalNetwork bridge, PhysicalAddress address, string inside, string veth, SafeFileHandle space)
    {
        var request = new RouteRequest().AddVeth(veth, inside, space, address, bridge.Mtu, bridge.BridgeIndex);
        // Below the least that IPv6 demands the kernel has none on an interface, and nothing to be set.
        if (bridge.Mtu >= Ipv6MtuMin) request.WithoutIpv6Address(veth);
        // Where bridged packets go through the firewall too, a container reaches its own published port by a frame that goes back out of where it came in.
        var hairpin = BridgedPacketsMeetFirewall();
        return hairpin || !bridge.ContainersTalk ? request.SetBridgePort(veth, isolated: !bridge.ContainersTalk, hairpin) : request;
    }

    private void SetGateways(RouteSocket inside, AttachmentRecord record)
    {
        // A virtual machine is told its gateways; its namespace has no address that could lead to them.
        if (record.MachineUser != 0) return;
        foreach (var family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            if (GatewayOf(record, family) is { } endpoint && inside.FindLink(endpoint.Interface) is { } link)
                inside.Execute(_local[endpoint.NetworkId].GatewayFor(endpoint.AddressOf(family)!) is { } gateway ? new RouteRequest().AddDefaultRoute(gateway, link.Index) : new RouteRequest().AddDefaultRoute(family, link.Index));
    }

    /// <summary>The endpoint that leads outside: the highest priority of those that can, then the first name.</summary>
    private EndpointRecord? GatewayOf(AttachmentRecord record, AddressFamily family) => BestOf(record, (endpoint, network) =>
        network.LeadsOutside && endpoint.AddressOf(family) is { } address && (network.IsRoutedByKernel || network.GatewayFor(address) is not null));

    private EndpointRecord? BestOf(AttachmentRecord record, Func<EndpointRecord, LocalNetwork, bool> suits) =>
        record.Endpoints.Where(endpoint => _local.TryGetValue(endpoint.NetworkId, out var network) && suits(endpoint, network))
            .OrderByDescending(endpoint => endpoint.Asked.GwPriority).ThenBy(endpoint => _networks[endpoint.NetworkId].Name, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>The endpoint by which published ports come in. Only on a bridge do they: elsewhere a container has an address that others reach by themselves.</summary>
    private EndpointRecord? PublisherOf(AttachmentRecord record, AddressFamily family) => BestOf(record, (endpoint, network) => network is { IsBridge: true, LeadsOutside: true } && endpoint.AddressOf(family) is not null);

    private PortTargets TargetsOf(AttachmentRecord record)
    {
        var (ipv4, ipv6) = (PublisherOf(record, AddressFamily.InterNetwork), PublisherOf(record, AddressFamily.InterNetworkV6));
        return new PortTargets(ipv4 is null ? null : IPAddress.Parse(ipv4.Address), ipv4 is null ? null : _local[ipv4.NetworkId].Ipv4!.Gateway, ipv6 is null ? null : IPAddress.Parse(ipv6.Ipv6Address));
    }

    private async Task<Sandbox> ShareAsync(AttachmentRecord record, string otherId)
    {
        if (!_attachments.TryGetValue(otherId, out var other)) throw new EngineException(ErrorKind.Conflict, $"cannot join network namespace of a non running container: {otherId}");
        var attachment = new Attachment(record);
        if (other.Namespace is { } space) attachment.Namespace = NetworkNamespace.Duplicate(space);
        _attachments[record.ContainerId] = attachment;
        await SaveAsync(attachment, record);
        return SandboxOf(attachment);
    }
}

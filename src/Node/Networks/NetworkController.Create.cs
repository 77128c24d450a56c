using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Yun.Linux;
using Yun.Linux.Netlink;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>Makes a network from its wish: name, driver, IPAM, options, labels; the rest is filled in.</summary>
    public async Task<Network> CreateAsync(Network wish, CancellationToken cancel = default)
    {
        if (!NamePattern().IsMatch(wish.Name)) throw new EngineException(ErrorKind.InvalidArgument, $"invalid network name \"{wish.Name}\": only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed");
        await _defining.WaitAsync(cancel);
        try
        {
            if (_networks.Values.Any(network => network.Name == wish.Name)) throw new EngineException(ErrorKind.Conflict, $"network with name {wish.Name} already exists");
            var driver = wish.Driver is "" or "default" ? NetworkNames.Bridge : wish.Driver;
            if (driver is NetworkNames.Host or "null") throw new EngineException(ErrorKind.Forbidden, $"only one instance of \"{driver}\" network is allowed");
            if (driver != NetworkNames.Bridge) throw new EngineException(ErrorKind.NotFound, $"could not resolve driver {driver} in remote plugin: plugin \"{driver}\" not found");
            if (wish.EnableIpv6) throw new EngineException(ErrorKind.NotImplemented, "IPv6 networks are not supported: leave out --ipv6 and IPv6 subnets.");
            if (!wish.EnableIpv4) throw new EngineException(ErrorKind.NotImplemented, "A network without IPv4 is not supported.");
            if (wish.Ipam.Driver is not ("" or "default")) throw new EngineException(ErrorKind.NotFound, $"could not find IPAM driver \"{wish.Ipam.Driver}\"");
            var id = NewId();
            var network = new Network
            {
                Id = id, Name = wish.Name, Created = DateTime.UtcNow, Driver = driver, Internal = wish.Internal, Attachable = wish.Attachable,
                Options = wish.Options, Labels = wish.Labels, Bridge = wish.Options.GetValueOrDefault(NetworkOption.BridgeName) is { Length: > 0 } asked ? asked : _names.Bridge(id),
                Ipam = new NetworkIpam { Options = wish.Ipam.Options, Config = [CompleteIpam(wish.Ipam.Config)] },
            };
            CheckOptions(network);
            await DefineAsync(network, cancel);
            return network;
        }
        finally { _defining.Release(); }
    }

    /// <summary>Writes it down, then makes its bridge; when that fails there is no such network.</summary>
    private async Task DefineAsync(Network network, CancellationToken cancel)
    {
        await _store.PutAsync(NetworksPrefix + network.Id, JsonSerializer.SerializeToUtf8Bytes(network, NetworksJson.Default.Network), cancel);
        try
        {
            var bridge = new BridgeNetwork(network);
            RaiseBridge(bridge);
            _firewall.Change(FirewallElements.OfNetwork(bridge), []);
            (_bridges[network.Id], _networks[network.Id]) = (bridge, network);
        }
        catch (Exception)
        {
            LowerBridge(network);
            await _store.DeleteAsync(NetworksPrefix + network.Id, CancellationToken.None);
            throw;
        }
        OpenForeignFirewalls();
    }

    private NetworkIpamConfig CompleteIpam(List<NetworkIpamConfig> asked)
    {
        if (asked.Count > 1) throw new EngineException(ErrorKind.NotImplemented, "A network with more than one subnet is not supported.");
        var config = asked is [var one] ? one : new NetworkIpamConfig();
        var taken = TakenSubnets();
        var subnet = config.Subnet is { Length: > 0 } text ? ParseSubnet(text) : SubnetPool.Pick(taken);
        if (config.Subnet is { Length: > 0 } && _bridges.Values.FirstOrDefault(other => SubnetPool.Overlap(other.Subnet, subnet)) is not null)
            throw new EngineException(ErrorKind.Forbidden, "invalid pool request: Pool overlaps with other one on this address space");
        if (config.IpRange is { Length: > 0 } range && !(ParseSubnet(range) is var parsed && subnet.Contains(parsed.BaseAddress) && parsed.PrefixLength >= subnet.PrefixLength))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid ip-range {range}: it is not within the subnet {subnet}");
        var gateway = config.Gateway is { Length: > 0 } asGateway ? ParseWithin(subnet, asGateway, "gateway") : AddressPool.FromNumber(AddressPool.Bounds(subnet).First + 1);
        foreach (var (name, address) in config.AuxiliaryAddresses ?? []) ParseWithin(subnet, address, $"auxiliary address {name}");
        return new NetworkIpamConfig
        {
            Subnet = subnet.ToString(), Gateway = gateway.ToString(), AuxiliaryAddresses = config.AuxiliaryAddresses,
            IpRange = config.IpRange is { Length: > 0 } ? ParseSubnet(config.IpRange).ToString() : null,
        };
    }

    private List<IPNetwork> TakenSubnets()
    {
        using var route = new RouteSocket();
        return
        [
            .. _bridges.Values.Select(bridge => bridge.Subnet),
            .. route.RoutedNetworks().Where(network => network.PrefixLength > 0),
            .. route.Addresses().Select(address => new IPNetwork(Mask(address.Address, address.PrefixLength), address.PrefixLength)),
        ];
    }

    private static IPNetwork ParseSubnet(string text)
    {
        var parts = text.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out var address) || !int.TryParse(parts[1], out var length) || length < 0)
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid subnet {text}: invalid CIDR address: {text}");
        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork) throw new EngineException(ErrorKind.NotImplemented, $"IPv6 networks are not supported: {text}.");
        if (length is 0 or > 30) throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid subnet {text}: a network needs two addresses at least");
        var masked = Mask(address, length);
        return masked.Equals(address)
            ? new IPNetwork(address, length)
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid subnet {text}: it should be {masked}/{length}");
    }

    private static IPAddress ParseWithin(IPNetwork subnet, string text, string what) =>
        IPAddress.TryParse(text, out var address) && subnet.Contains(address)
            ? address
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid network config:\ninvalid {what} {text}: parent subnet {subnet} does not contain it");

    private static IPAddress Mask(IPAddress address, int length) =>
        AddressPool.FromNumber(length == 0 ? 0 : AddressPool.ToNumber(address) & ~(uint)((1UL << (32 - length)) - 1));

    private void CheckOptions(Network network)
    {
        if (network.Bridge.Length > 15 || network.Bridge.Any(c => c is '/' or ':' || char.IsWhiteSpace(c)) || network.Bridge is "." or "..")
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid bridge name \"{network.Bridge}\"");
        if (_bridges.Values.Any(other => other.Definition.Bridge == network.Bridge)) throw new EngineException(ErrorKind.Forbidden, $"network {network.Name} cannot be made: the bridge {network.Bridge} belongs to another network");
        if (network.Options.TryGetValue(NetworkOption.Mtu, out var mtu) && !(int.TryParse(mtu, out var bytes) && bytes is >= 68 and <= 65535))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid MTU \"{mtu}\"");
        // A bridge that somebody made for their own ends is joined, and not removed with the network.
        network.BridgeIsForeign = FindBridge(network.Bridge) != 0;
        network.Options.TryAdd(NetworkOption.Mtu, _options.Mtu.ToString());
        if (_options.Mtu == 1500 && network.Options[NetworkOption.Mtu] == "1500") network.Options.Remove(NetworkOption.Mtu);
        if (network.Options.TryGetValue(NetworkOption.HostAddress, out var host) && !IPAddress.TryParse(host, out _))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid host address \"{host}\"");
    }

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")]
    private static partial Regex NamePattern();
}

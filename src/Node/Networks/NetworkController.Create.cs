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
            if (wish.Name is NetworkNames.Bridge or NetworkNames.Host or NetworkNames.None or "default") throw new EngineException(ErrorKind.Forbidden, $"operation is not permitted on predefined {wish.Name} network ");
            if (_networks.Values.Any(network => network.Name == wish.Name)) throw new EngineException(ErrorKind.Conflict, $"network with name {wish.Name} already exists");
            var driver = wish.Driver is "" or "default" ? NetworkNames.Bridge : wish.Driver;
            if (driver is NetworkNames.Host or "null") throw new EngineException(ErrorKind.Forbidden, $"only one instance of \"{driver}\" network is allowed");
            if (driver is not (NetworkNames.Bridge or NetworkNames.Macvlan or NetworkNames.Ipvlan)) throw new EngineException(ErrorKind.NotFound, $"could not resolve driver {driver} in remote plugin: plugin \"{driver}\" not found");
            if (wish.Ipam.Driver is not ("" or "default")) throw new EngineException(ErrorKind.NotFound, $"could not find IPAM driver \"{wish.Ipam.Driver}\"");
            if (wish.ConfigOnly) return await KeepConfigurationAsync(wish, cancel);
            if (wish.ConfigFrom != "") TakeConfiguration(wish);
            var id = NewId();
            var network = new Network
            {
                Id = id, Name = wish.Name, Created = DateTime.UtcNow, Driver = driver, Internal = wish.Internal, Attachable = wish.Attachable, ConfigFrom = wish.ConfigFrom,
                EnableIpv4 = wish.EnableIpv4, EnableIpv6 = wish.EnableIpv6,
                Options = wish.Options, Labels = wish.Labels, Bridge = driver == NetworkNames.Bridge && wish.Options.GetValueOrDefault(NetworkOption.BridgeName) is { Length: > 0 } asked ? asked : _names.Bridge(id),
                Ipam = new NetworkIpam { Options = wish.Ipam.Options, Config = CompleteIpam(wish, driver == NetworkNames.Bridge) },
            };
            if (driver == NetworkNames.Bridge) CheckOptions(network);
            else PlaceOnLan(network);
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
            var bridge = new LocalNetwork(network);
            if (bridge is { IsBridge: true, Ipv6: not null }) EnableIpv6Forwarding();
            if (bridge.IsBridge) RaiseBridge(bridge);
            else RaiseParent(bridge);
            _firewall.Change(FirewallElements.OfNetwork(bridge), []);
            (_local[network.Id], _networks[network.Id]) = (bridge, network);
        }
        catch (Exception)
        {
            Lower(network);
            await _store.DeleteAsync(NetworksPrefix + network.Id, CancellationToken.None);
            throw;
        }
        OpenForeignFirewalls();
    }

    private void CheckOptions(Network network)
    {
        if (network.Bridge.Length > 15 || network.Bridge.Any(c => c is '/' or ':' || char.IsWhiteSpace(c)) || network.Bridge is "." or "..")
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid bridge name \"{network.Bridge}\"");
        if (_local.Values.Any(other => other.Definition.Bridge == network.Bridge)) throw new EngineException(ErrorKind.Forbidden, $"network {network.Name} cannot be made: the bridge {network.Bridge} belongs to another network");
        if (network.Options.TryGetValue(NetworkOption.Mtu, out var mtu) && !(int.TryParse(mtu, out var bytes) && bytes is >= 68 and <= 65535))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid MTU \"{mtu}\"");
        foreach (var (option, asIfUnsaid) in NetworkOption.NotDone)
            if (network.Options.TryGetValue(option, out var value) && value != asIfUnsaid)
                throw new EngineException(ErrorKind.NotImplemented, $"The option {option}={value} of a bridge network is not supported: leave it out{(asIfUnsaid != "" ? $", or say {asIfUnsaid}" : "")}.");
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

using System.Text.Json;
using Yun.Protocol;

namespace Yun.Node.Networks;

// Networks that are but a configuration for others: docker network create --config-only, and --config-from.
public sealed partial class NetworkController
{
    private async Task<Network> KeepConfigurationAsync(Network wish, CancellationToken cancel)
    {
        if (wish.ConfigFrom != "") throw new EngineException(ErrorKind.InvalidArgument, "network can't be both a configuration network and depend on one");
        var network = new Network
        {
            Id = NewId(), Name = wish.Name, Created = DateTime.UtcNow, Driver = "null", ConfigOnly = true, Internal = wish.Internal, Attachable = wish.Attachable,
            EnableIpv4 = wish.EnableIpv4, EnableIpv6 = wish.EnableIpv6, Options = wish.Options, Labels = wish.Labels, Ipam = wish.Ipam,
        };
        await _store.PutAsync(NetworksPrefix + network.Id, JsonSerializer.SerializeToUtf8Bytes(network, NetworksJson.Default.Network), cancel);
        Know(network);
        return network;
    }

    private void TakeConfiguration(Network wish)
    {
        var source = _networks.Values.FirstOrDefault(network => network.Name == wish.ConfigFrom || network.Id == wish.ConfigFrom)
            ?? throw new EngineException(ErrorKind.NotFound, $"configuration network \"{wish.ConfigFrom}\" not found");
        if (!source.ConfigOnly) throw new EngineException(ErrorKind.Forbidden, $"{source.Name} is not a configuration network");
        if (wish.Ipam.Config.Count > 0 || wish.Options.Count > 0 || wish.Internal || wish.EnableIpv6)
            throw new EngineException(ErrorKind.InvalidArgument, "user specified configurations are not supported if the network depends on a configuration network");
        (wish.ConfigFrom, wish.Ipam, wish.Options, wish.Internal) = (source.Name, source.Ipam, new(source.Options), source.Internal);
        (wish.EnableIpv4, wish.EnableIpv6) = (source.EnableIpv4, source.EnableIpv6);
        foreach (var (name, value) in source.Labels) wish.Labels.TryAdd(name, value);
    }
}

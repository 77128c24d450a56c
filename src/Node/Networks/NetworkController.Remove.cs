using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    public async Task RemoveAsync(string nameOrId, CancellationToken cancel = default)
    {
        await _defining.WaitAsync(cancel);
        try { await RemoveFoundAsync(Find(nameOrId)); }
        finally { _defining.Release(); }
    }

    /// <summary>Removes the networks that no container uses, of those <paramref name="where"/> allows. Returns their names.</summary>
    /// <param name="inUse">Ids and names of networks that stopped containers name.</param>
    public async Task<IReadOnlyList<string>> PruneAsync(Func<Network, bool> where, IReadOnlySet<string> inUse, CancellationToken cancel = default)
    {
        List<string> removed = [];
        await _defining.WaitAsync(cancel);
        try
        {
            foreach (var network in List())
            {
                if (network.IsPredefined || inUse.Contains(network.Id) || inUse.Contains(network.Name) || EndpointsOf(network).Count > 0 || !where(network)) continue;
                await RemoveFoundAsync(network);
                removed.Add(network.Name);
            }
        }
        finally { _defining.Release(); }
        return removed;
    }

    private async Task RemoveFoundAsync(Network network)
    {
        if (network.IsPredefined) throw new EngineException(ErrorKind.Forbidden, $"{network.Name} is a pre-defined network and cannot be removed");
        if (_networks.Values.FirstOrDefault(other => other.ConfigFrom == network.Name) is { } user && network.ConfigOnly) throw new EngineException(ErrorKind.Forbidden, $"configuration network \"{network.Name}\" is in use by network \"{user.Name}\"");
        LocalNetwork? bridge;
        lock (_turn)
        {
            var members = EndpointsOf(network);
            if (members.Count > 0)
                throw new EngineException(ErrorKind.Forbidden, $"error while removing network: network {network.Name} has active endpoints (name:\"{members[0].Name}\" id:\"{members[0].EndpointId[..12]}\")");
            // From here on nobody can join it.
            _networks.TryRemove(network.Id, out _);
            _local.TryRemove(network.Id, out bridge);
        }
        try
        {
            if (bridge is not null)
            {
                CloseForeignFirewalls(network.Bridge);
                _firewall.Change([], FirewallElements.OfNetwork(bridge));
                Lower(network);
            }
            await _store.DeleteAsync(NetworksPrefix + network.Id);
        }
        catch (Exception)
        {
            Know(network);
            throw;
        }
    }
}

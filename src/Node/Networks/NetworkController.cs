using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Node.Networks;

/// <summary>
/// The networks of this machine and the containers on them. What is true is in the store, under <c>/networks/</c> and <c>/attachments/</c>; what is made in
/// the kernel follows from it by name. One topic each is beside this file: NetworkController.Create.cs, .Attach.cs, .Reconcile.cs…
/// Calls about one container must not overlap; who calls holds that container's turn.
/// </summary>
public sealed partial class NetworkController : IAsyncDisposable
{
    private const string NetworksPrefix = "/networks/", AttachmentsPrefix = "/attachments/";

    private readonly NetworkOptions _options;
    private readonly IStore _store;
    private readonly InterfaceNames _names;
    private readonly Firewall _firewall;
    private readonly ForeignFirewalls _foreign;
    private readonly RetiredInterfaces _retired = new();
    private readonly PortTable _ports;
    private readonly NamespacePool _namespaces;
    // Held for the short time in which addresses are taken or given back, and a network's being used is decided; never while waiting.
    private readonly Lock _turn = new();
    private readonly SemaphoreSlim _defining = new(1, 1);
    private readonly ConcurrentDictionary<string, Network> _networks = [];
    private readonly ConcurrentDictionary<string, LocalNetwork> _local = [];
    private readonly ConcurrentDictionary<string, Attachment> _attachments = [];

    private readonly EngineLog _log;

    private NetworkController(NetworkOptions options, IStore store, EngineLog log)
    {
        (_options, _store, _log) = (options, store, log);
        _names = new InterfaceNames(options.DataRoot);
        _ports = new PortTable { RelaysAll = options.RelaysPorts };
        _namespaces = new NamespacePool(options.NamespacesReady);
        _firewall = new Firewall(_names.Table);
        _foreign = new ForeignFirewalls(_names.Table, log);
    }

    /// <summary>Reads what the store knows and touches nothing in the kernel: <see cref="ReconcileAsync"/> does, and must be called before the first attach.</summary>
    public static async Task<NetworkController> OpenAsync(NetworkOptions options, IStore store, EngineLog? log = null, CancellationToken cancel = default)
    {
        var controller = new NetworkController(options, store, log ?? EngineLog.Nowhere);
        foreach (var entry in await store.RangeAsync(NetworksPrefix, cancel))
            controller.Know(JsonSerializer.Deserialize(entry.Value, NetworksJson.Default.Network)!);
        foreach (var entry in await store.RangeAsync(AttachmentsPrefix, cancel))
        {
            var record = JsonSerializer.Deserialize(entry.Value, NetworksJson.Default.AttachmentRecord)!;
            controller._attachments[record.ContainerId] = new Attachment(record);
        }
        return controller;
    }

    public IReadOnlyList<Network> List() => [.. _networks.Values.OrderBy(network => network.Created)];

    /// <summary>By id, name, or the beginning of an id.</summary>
    public Network Find(string nameOrId)
    {
        if (_networks.TryGetValue(nameOrId, out var network)) return network;
        var all = List();
        if (all.FirstOrDefault(candidate => candidate.Name == nameOrId) is { } named) return named;
        var begun = nameOrId.Length == 0 ? [] : all.Where(candidate => candidate.Id.StartsWith(nameOrId, StringComparison.Ordinal)).ToList();
        return begun switch
        {
            [var one] => one,
            [] => throw new EngineException(ErrorKind.NotFound, $"network {nameOrId} not found"),
            _ => throw new EngineException(ErrorKind.InvalidArgument, $"network {nameOrId} is ambiguous ({begun.Count} matches found based on ID prefix)"),
        };
    }

    /// <summary>As <see cref="Find"/>, by id or name alone; null when there is none.</summary>
    public Network? TryFind(string nameOrId) => _networks.GetValueOrDefault(nameOrId) ?? _networks.Values.FirstOrDefault(network => network.Name == nameOrId);

    /// <summary>The containers that run on a network.</summary>
    public IReadOnlyList<NetworkMember> EndpointsOf(Network network) =>
    [
        .. from attachment in _attachments.Values
           let record = attachment.Record
           from endpoint in record.Endpoints
           where endpoint.NetworkId == network.Id
           let bridge = _local.GetValueOrDefault(network.Id)
           select new NetworkMember(record.ContainerId, record.Name, endpoint.EndpointId, endpoint.MacAddress, WithPrefix(endpoint.Address, bridge), WithPrefix(endpoint.Ipv6Address, bridge)),
    ];

    private static string WithPrefix(string address, LocalNetwork? network) => address != "" && network?.SubnetFor(IPAddress.Parse(address)) is { } subnet ? $"{address}/{subnet.Prefix.PrefixLength}" : "";

    private void Know(Network network)
    {
        _networks[network.Id] = network;
        if (network is { ConfigOnly: false, Driver: NetworkNames.Bridge or NetworkNames.Macvlan or NetworkNames.Ipvlan }) _local[network.Id] = new LocalNetwork(network);
    }

    private LocalNetwork? DefaultBridge => _local.Values.FirstOrDefault(bridge => bridge.IsDefault);

    /// <summary>What <c>host-gateway</c> stands for: the host, as seen from the default bridge.</summary>
    private IPAddress? HostGateway(AttachmentRecord record) => _options.HostGateway is { Length: > 0 } told && IPAddress.TryParse(told, out var address) ? address :
        record.Endpoints.Select(endpoint => _local.GetValueOrDefault(endpoint.NetworkId)).Prepend(DefaultBridge).Where(network => network is null or { IsBridge: true }).SelectMany(bridge => bridge?.Subnets ?? []).FirstOrDefault()?.Gateway;

    private async ValueTask SaveAsync(Attachment attachment, AttachmentRecord record)
    {
        await _store.PutAsync(AttachmentsPrefix + record.ContainerId, JsonSerializer.SerializeToUtf8Bytes(record, NetworksJson.Default.AttachmentRecord));
        attachment.Record = record;
    }

    private static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
}

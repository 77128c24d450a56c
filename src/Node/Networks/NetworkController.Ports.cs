using System.Net.Sockets;
using Yun.Linux.Netlink;
using Yun.Linux.Nftables;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>Takes the ports that the container wants, if it has an endpoint that leads outside.</summary>
    private void ReservePorts(Attachment attachment)
    {
        var record = attachment.Record;
        if ((PublisherOf(record, AddressFamily.InterNetwork) ?? PublisherOf(record, AddressFamily.InterNetworkV6)) is not { } gateway || record.WantedPorts.Values.All(bindings => bindings is null)) return;
        var bridge = _local[gateway.NetworkId];
        var targets = TargetsOf(record);
        var unsaid = bridge.HostAddress ?? (_options.DefaultHostIp is "0.0.0.0" or "" ? null : _options.DefaultHostIp);
        var lease = new PortLease(_ports);
        try
        {
            foreach (var (key, bindings) in record.WantedPorts)
            {
                var (port, protocol) = ParseKey(key);
                foreach (var binding in bindings ?? []) lease.Absorb(_ports.Take(protocol, port, binding, unsaid, targets));
            }
        }
        catch (EngineException error)
        {
            lease.Dispose();
            throw new EngineException(error.Kind, $"driver failed programming external connectivity on endpoint {record.Name} ({gateway.EndpointId}): {error.Message}", error);
        }
        attachment.Ports = lease;
        attachment.Record = record with { Ports = [.. lease.Ports] };
    }

    private void Publish(IReadOnlyList<PublishedPort> ports, PortTargets targets)
    {
        _firewall.Change(ElementsOf(ports, targets), []);
        ForgetDatagrams(ports, targets);
    }

    private void Unpublish(IReadOnlyList<PublishedPort> ports, PortTargets targets)
    {
        _firewall.Change([], ElementsOf(ports, targets));
        ForgetDatagrams(ports, targets);
    }

    /// <summary>Who has been sending to a UDP port is led by the rules of now, not by those of its first packet.</summary>
    private static void ForgetDatagrams(IReadOnlyList<PublishedPort> ports, PortTargets targets)
    {
        var host = ports.Where(port => port.Protocol == "udp").Select(port => port.HostPort).ToHashSet();
        if (host.Count == 0) return;
        const byte udp = 17;
        ConnectionTracking.Forget(flow => flow.Protocol == udp && (host.Contains(flow.Port) || targets.Contains(flow.Answerer)));
    }

    // Without a translation all of it arrives at the sockets that hold the ports, by way of the machine's own input rules.
    private IEnumerable<NftablesElement> ElementsOf(IReadOnlyList<PublishedPort> ports, PortTargets targets) => _options.RelaysPorts ? [] : ports.SelectMany(port => FirewallElements.OfPort(port, targets));

    internal static (ushort Port, string Protocol) ParseKey(string key)
    {
        var parts = key.Split('/');
        var protocol = parts.Length == 1 ? "tcp" : parts[1].ToLowerInvariant();
        if (parts.Length > 2 || !ushort.TryParse(parts[0], out var port) || port == 0 || protocol is not ("tcp" or "udp" or "sctp"))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid port specification: \"{key}\"");
        return (port, protocol);
    }
}

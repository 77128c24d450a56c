using System.Net;
using Yun.Linux.Netlink;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>Takes the ports that the container wants, through the endpoint that leads outside.</summary>
    private void ReservePorts(Attachment attachment)
    {
        var record = attachment.Record;
        if (GatewayOf(record) is not { } gateway || record.WantedPorts.Values.All(bindings => bindings is null)) return;
        var bridge = _bridges[gateway.NetworkId];
        var target = IPAddress.Parse(gateway.Address);
        var unsaid = bridge.HostAddress ?? (_options.DefaultHostIp is "0.0.0.0" or "" ? null : _options.DefaultHostIp);
        var lease = new PortLease(_ports);
        try
        {
            foreach (var (key, bindings) in record.WantedPorts)
            {
                var (port, protocol) = ParseKey(key);
                foreach (var binding in bindings ?? []) lease.Absorb(_ports.Take(protocol, port, binding, unsaid, target));
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

    private void Publish(IReadOnlyList<PublishedPort> ports, EndpointRecord gateway)
    {
        _firewall.Change(ElementsOf(ports, gateway), []);
        ForgetDatagrams(ports, gateway);
    }

    private void Unpublish(IReadOnlyList<PublishedPort> ports, EndpointRecord gateway)
    {
        _firewall.Change([], ElementsOf(ports, gateway));
        ForgetDatagrams(ports, gateway);
    }

    /// <summary>Who has been sending to a UDP port is led by the rules of now, not by those of its first packet.</summary>
    private static void ForgetDatagrams(IReadOnlyList<PublishedPort> ports, EndpointRecord gateway)
    {
        var host = ports.Where(port => port.Protocol == "udp").Select(port => port.HostPort).ToHashSet();
        if (host.Count == 0) return;
        const byte udp = 17;
        var container = IPAddress.Parse(gateway.Address);
        ConnectionTracking.Forget(flow => flow.Protocol == udp && (host.Contains(flow.Port) || flow.Answerer.Equals(container)));
    }

    private IEnumerable<Linux.Nftables.NftablesElement> ElementsOf(IReadOnlyList<PublishedPort> ports, EndpointRecord gateway) =>
        ports.SelectMany(port => FirewallElements.OfPort(port, IPAddress.Parse(gateway.Address), _bridges[gateway.NetworkId].Gateway));

    internal static (ushort Port, string Protocol) ParseKey(string key)
    {
        var parts = key.Split('/');
        var protocol = parts.Length == 1 ? "tcp" : parts[1].ToLowerInvariant();
        if (parts.Length > 2 || !ushort.TryParse(parts[0], out var port) || port == 0 || protocol is not ("tcp" or "udp" or "sctp"))
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid port specification: \"{key}\"");
        return (port, protocol);
    }
}

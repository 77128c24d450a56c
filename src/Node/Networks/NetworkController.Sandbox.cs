using System.Net;
using System.Net.Sockets;
using Yun.Node.Containers;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>What a running container has now; null when it is not attached.</summary>
    public Sandbox? SandboxOf(string containerId) => _attachments.TryGetValue(containerId, out var attachment) ? SandboxOf(attachment) : null;

    private Sandbox SandboxOf(Attachment attachment)
    {
        var record = attachment.Record;
        if (NamespaceMode.SharedContainer(record.Mode) is { } other)
        {
            // It has nothing of its own: names and addresses are those of the container it shares with.
            var shared = _attachments.TryGetValue(other, out var owner) ? SandboxOf(owner) : null;
            return new Sandbox(attachment.Namespace, new Dictionary<string, EndpointSettings>(), new Dictionary<string, List<PortBinding>?>(), shared?.ResolvConf ?? "", shared?.Hosts ?? "", []);
        }
        var host = HostResolver.Read();
        var isHost = record.Mode == NetworkNames.Host;
        var embedded = record.Endpoints.Any(endpoint => _local.TryGetValue(endpoint.NetworkId, out var bridge) && !bridge.IsDefault);
        var resolvConf = isHost && record is { DnsServers.Count: 0, DnsSearch.Count: 0, DnsOptions.Count: 0 } && File.Exists("/etc/resolv.conf")
            ? File.ReadAllText("/etc/resolv.conf")
            : ContainerFiles.ResolvConf(host, record, _options, embedded);
        var hosts = isHost ? ContainerFiles.HostsOfHost(record, HostGateway(record)) : ContainerFiles.Hosts(record, HostGateway(record), LinkedHosts(record));
        return new Sandbox(attachment.Namespace, record.Endpoints.Where(endpoint => _networks.ContainsKey(endpoint.NetworkId)).ToDictionary(endpoint => _networks[endpoint.NetworkId].Name, endpoint => SettingsOf(record, endpoint)), PortsOf(record), resolvConf, hosts, record.MachineUser == 0 ? [] : InterfacesOf(record));
    }

    private EndpointSettings SettingsOf(AttachmentRecord record, EndpointRecord endpoint)
    {
        var asked = endpoint.Asked;
        var bridge = _local.GetValueOrDefault(endpoint.NetworkId);
        return new EndpointSettings
        {
            IpamConfig = asked.IpamConfig, Links = asked.Links, Aliases = asked.Aliases, DriverOpts = asked.DriverOpts, GwPriority = asked.GwPriority,
            NetworkId = endpoint.NetworkId, EndpointId = endpoint.EndpointId, MacAddress = endpoint.MacAddress,
            IpAddress = endpoint.Address, IpPrefixLen = Length(AddressFamily.InterNetwork), Gateway = Gateway(AddressFamily.InterNetwork),
            GlobalIpv6Address = endpoint.Ipv6Address, GlobalIpv6PrefixLen = Length(AddressFamily.InterNetworkV6), Ipv6Gateway = Gateway(AddressFamily.InterNetworkV6),
            DnsNames = bridge is null or { IsDefault: true } ? null : [.. NamesOf(record, endpoint)],
        };

        int Length(AddressFamily family) => endpoint.AddressOf(family) is { } address ? bridge?.SubnetFor(address)?.Prefix.PrefixLength ?? 0 : 0;
        string Gateway(AddressFamily family) => endpoint.AddressOf(family) is { } address ? bridge?.GatewayFor(address)?.ToString() ?? "" : "";
    }

    /// <summary>What neighbours on a user's network may call a container, the first being its answer to a reverse question.</summary>
    private static IEnumerable<string> NamesOf(AttachmentRecord record, EndpointRecord endpoint) =>
        new[] { record.Name }.Concat(endpoint.Asked.Aliases ?? []).Append(record.ContainerId[..12]).Append(record.Hostname).Where(name => name != "").Distinct(StringComparer.OrdinalIgnoreCase);

    private static Dictionary<string, List<PortBinding>?> PortsOf(AttachmentRecord record)
    {
        var ports = new Dictionary<string, List<PortBinding>?>();
        foreach (var key in record.WantedPorts.Keys)
        {
            var (port, protocol) = ParseKey(key);
            ports[$"{port}/{protocol}"] = null;
        }
        foreach (var port in record.Ports)
        {
            var bindings = ports.GetValueOrDefault(port.Key) ?? (ports[port.Key] = []);
            bindings!.Add(new PortBinding { HostIp = port.HostAddress, HostPort = port.HostPort.ToString() });
        }
        return ports;
    }

    /// <summary>Legacy links are lines in the hosts file: <c>container:alias</c>.</summary>
    private IEnumerable<(string Address, string Names)> LinkedHosts(AttachmentRecord record)
    {
        foreach (var link in record.Links)
        {
            var name = link.Split(':')[0].TrimStart('/');
            var alias = link.Contains(':') ? link[(link.IndexOf(':') + 1)..].Split('/')[^1] : name;
            var other = _attachments.Values.Select(attachment => attachment.Record).FirstOrDefault(other => other.Name == name || other.ContainerId.StartsWith(name, StringComparison.Ordinal));
            if (other?.Endpoints.Find(endpoint => record.Endpoints.Any(own => own.NetworkId == endpoint.NetworkId)) is { } endpoint)
                foreach (var address in endpoint.Addresses) yield return (address.ToString(), $"{alias} {other.ContainerId[..12]} {other.Name}");
        }
    }
}

using System.Net;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    private readonly DnsCache _dnsCache = new(TimeProvider.System);

    /// <summary>Containers on a user's network ask our DNS; those on the default bridge only, the host's resolvers.</summary>
    private void StartNameServer(Attachment attachment)
    {
        if (attachment.Record.AsksForAddresses)
        {
            StartGuestServices(attachment);
            return;
        }
        var wanted = attachment.Record.Endpoints.Any(endpoint => _local.TryGetValue(endpoint.NetworkId, out var bridge) && bridge is { IsDefault: false });
        if (!wanted || attachment.NameServer is not null) return;
        attachment.NameServer = NameServer.Start(attachment.Namespace!, new ContainerNames(this, attachment));
    }

    /// <summary>What one container may find out by name.</summary>
    internal sealed class ContainerNames(NetworkController controller, Attachment asker)
    {
        internal DnsCache Cache => controller._dnsCache;

        internal IReadOnlyList<IPAddress> AddressesOf(string name)
        {
            var found = new List<IPAddress>();
            foreach (var own in controller.UserEndpoints(asker.Record))
            {
                var network = controller._networks[own.NetworkId].Name;
                var sought = Linked(own, name) ?? name;
                foreach (var other in controller._attachments.Values.Select(attachment => attachment.Record))
                    foreach (var endpoint in other.Endpoints.Where(endpoint => endpoint.NetworkId == own.NetworkId))
                        if (NamesOf(other, endpoint).Any(known => Matches(known, sought, network))) found.AddRange(endpoint.Addresses);
            }
            return found;
        }

        /// <summary>A reverse question; null for an address that is nobody's here.</summary>
        internal string? NameOf(IPAddress address)
        {
            foreach (var own in controller.UserEndpoints(asker.Record))
                foreach (var other in controller._attachments.Values.Select(attachment => attachment.Record))
                    if (other.Endpoints.Any(endpoint => endpoint.NetworkId == own.NetworkId && endpoint.Addresses.Contains(address))) return $"{other.Name}.{controller._networks[own.NetworkId].Name}";
            return null;
        }

        /// <summary>Whom to ask about the rest of the world; nobody when all of the container's networks are internal, lest a name carry data out.</summary>
        internal IReadOnlyList<IPAddress> Upstreams =>
            controller.GatewayOf(asker.Record, System.Net.Sockets.AddressFamily.InterNetwork) is null && controller.GatewayOf(asker.Record, System.Net.Sockets.AddressFamily.InterNetworkV6) is null ? []
            : [.. (asker.Record.DnsServers is { Count: > 0 } own ? own : controller._options.Dns is { Count: > 0 } daemon ? daemon : HostResolver.Read().Servers)
                .Select(server => IPAddress.TryParse(server, out var address) ? address : null).OfType<IPAddress>()];

        private string? Linked(EndpointRecord own, string name)
        {
            foreach (var link in (own.Asked.Links ?? []).Concat(asker.Record.Links))
                if (link.Split(':') is [var container, var alias] && alias.Equals(name, StringComparison.OrdinalIgnoreCase)) return container.TrimStart('/');
            return null;
        }

        private static bool Matches(string known, string sought, string network) =>
            sought.StartsWith(known, StringComparison.OrdinalIgnoreCase)
            && (sought.Length == known.Length || (sought[known.Length] == '.' && sought.AsSpan(known.Length + 1).Equals(network, StringComparison.OrdinalIgnoreCase)));
    }

    private IEnumerable<EndpointRecord> UserEndpoints(AttachmentRecord record) =>
        record.Endpoints.Where(endpoint => _local.TryGetValue(endpoint.NetworkId, out var bridge) && !bridge.IsDefault && _networks.ContainsKey(endpoint.NetworkId));
}

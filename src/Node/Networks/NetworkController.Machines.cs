using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Yun.Linux.Netlink;

namespace Yun.Node.Networks;

// A virtual machine's network namespace holds no address: in it, each interface that a container would have is bridged to one that ends in the machine.
public sealed partial class NetworkController
{
    private void RaiseTap(SafeFileHandle space, RouteSocket inside, EndpointRecord endpoint, uint owner)
    {
        var (bridge, tap, mtu) = ($"br-{endpoint.Interface}", TapOf(endpoint), _local[endpoint.NetworkId].Mtu);
        TapDevice.Create(space, tap, owner);
        inside.Execute(new RouteRequest().AddBridge(bridge, Changed(endpoint, 0x08), mtu));
        var index = inside.FindLink(bridge)!.Index;
        var request = new RouteRequest();
        foreach (var port in (string[])[endpoint.Interface, tap]) request.SetMaster(port, index).SetUp(port);
        // A hairpin outside sends the machine's own broadcasts back: they must not make it seem to be out there.
        request.SetBridgePortUnlearning(endpoint.Interface);
        inside.Execute(request.SetUp(bridge));
    }

    /// <summary>For a machine whose system is not ours. Networks without IPv4 have none of it: their addresses are given by cloud-init or by hand.</summary>
    private void StartGuestServices(Attachment attachment)
    {
        if (attachment.GuestServices.Count > 0) return;
        var record = attachment.Record;
        using var inside = new RouteSocket(attachment.Namespace!);
        foreach (var endpoint in record.Endpoints.Where(endpoint => endpoint.HasInterface && endpoint.Address != ""))
        {
            if (inside.FindLink(TapOf(endpoint)) is not { } link) continue;
            var bridge = _local[endpoint.NetworkId];
            var lease = new GuestLease(MacAddress.Parse(endpoint.MacAddress).GetAddressBytes(), System.Net.IPAddress.Parse(endpoint.Address), bridge.Ipv4!.Prefix.PrefixLength, bridge.Ipv4.Gateway,
                GatewayOf(record, AddressFamily.InterNetwork) == endpoint, record.Hostname, record.Domainname, bridge.Mtu);
            attachment.GuestServices.Add(GuestService.Start(attachment.Namespace!, TapOf(endpoint), link.Index, lease, new ContainerNames(this, attachment)));
        }
    }

    /// <summary>The address of the machine's own interface, with another bit set: what a bridge has itself it does not forward.</summary>
    private static PhysicalAddress Changed(EndpointRecord endpoint, byte bit)
    {
        var bytes = MacAddress.Parse(endpoint.MacAddress).GetAddressBytes();
        bytes[0] ^= bit;
        return new PhysicalAddress(bytes);
    }

    private static string TapOf(EndpointRecord endpoint) => $"tap-{endpoint.Interface}";

    private List<SandboxInterface> InterfacesOf(AttachmentRecord record)
    {
        var interfaces = new List<SandboxInterface>();
        foreach (var endpoint in record.Endpoints.Where(endpoint => endpoint.HasInterface))
        {
            var bridge = _local[endpoint.NetworkId];
            var gateways = ((AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6]).Where(family => GatewayOf(record, family) == endpoint).Select(family => bridge.SubnetOf(family)!.Gateway);
            interfaces.Add(new SandboxInterface(endpoint.Interface, TapOf(endpoint), endpoint.MacAddress,
                [.. endpoint.Addresses.Select(address => $"{address}/{bridge.SubnetFor(address)!.Prefix.PrefixLength}")], [.. gateways.Select(gateway => gateway.ToString())]));
        }
        return interfaces;
    }
}

using System.Text;
using Yun.Node.Machines.Disks;
using Yun.Node.Networks;

namespace Yun.Node.Machines;

/// <summary>What cloud-init is told of a machine: <c>user-data</c>, <c>meta-data</c> and <c>network-config</c> on a disk with the label CIDATA.</summary>
public static class CloudInitSeed
{
    public static byte[] Make(CloudInitConfig config, string id, string hostname, IReadOnlyList<SandboxInterface> interfaces) => SeedDisk.Make("CIDATA",
    [
        ("user-data", Given(config.UserData) ?? "#cloud-config\n{}\n"),
        // The instance is the machine, not its start: what is done once is done once.
        ("meta-data", Given(config.MetaData) ?? $"instance-id: {id}\nlocal-hostname: {hostname}\n"),
        ("network-config", Given(config.NetworkConfig) ?? NetworkConfig(interfaces)),
    ]);

    private static string? Given(string? text) => text is { Length: > 0 } ? text : null;

    /// <summary>Version 2 of its network configuration, by the interfaces' hardware addresses. IPv4 is asked for at each start, since it may change; IPv6 is not given by DHCP.</summary>
    private static string NetworkConfig(IReadOnlyList<SandboxInterface> interfaces)
    {
        var text = new StringBuilder("version: 2\nethernets:");
        if (interfaces.Count == 0) text.Append(" {}");
        text.Append('\n');
        foreach (var one in interfaces)
        {
            var (ipv4, ipv6) = (one.Addresses.Any(address => !address.Contains(':')), one.Addresses.Where(address => address.Contains(':')).ToList());
            text.Append($"  {one.Name}:\n    match:\n      macaddress: \"{one.MacAddress}\"\n    set-name: {one.Name}\n    dhcp4: {(ipv4 ? "true" : "false")}\n");
            if (ipv6.Count > 0) text.Append($"    addresses: [{string.Join(", ", ipv6.Select(address => $"\"{address}\""))}]\n");
            foreach (var gateway in one.Gateways.Where(gateway => gateway.Contains(':'))) text.Append($"    gateway6: \"{gateway}\"\n");
        }
        return text.ToString();
    }
}

namespace Yun.Node.Networks;

/// <param name="DataRoot">Names of bridges, interfaces and tables derive from a hash of this path, so that several daemons share a machine.</param>
public sealed record NetworkOptions(string DataRoot, string ExecRoot)
{
    /// <summary>The default network's bridge. Null makes one of our own name; <c>none</c> means there is no default network; one that exists is used with the address it has.</summary>
    public string? Bridge { get; init; }

    /// <summary>Address and prefix of the default bridge, such as <c>192.168.5.1/24</c>. Null picks a free subnet.</summary>
    public string? BridgeAddress { get; init; }

    /// <summary>Where in the default network addresses are picked from; null for all of it.</summary>
    public string? BridgeRange { get; init; }

    public bool BridgeHasIpv6 { get; init; }

    /// <summary>Null picks a unique local one.</summary>
    public string? BridgeIpv6Subnet { get; init; }

    /// <summary>Where subnets are picked from for networks that name none; those of a family that has none here come from Docker's own, or from unique local addresses.</summary>
    public IReadOnlyList<AddressPoolBase> AddressPools { get; init; } = [];

    /// <summary>May containers on the default bridge reach each other. True is Docker's default.</summary>
    public bool InterContainerCommunication { get; init; } = true;

    /// <summary>Does the host speak for the default bridge's containers outside.</summary>
    public bool IsMasqueraded { get; init; } = true;

    /// <summary>Where ports are published that name no address. 0.0.0.0 is Docker's default and includes <c>::</c>.</summary>
    public string DefaultHostIp { get; init; } = "0.0.0.0";

    /// <summary>Published ports are not translated by the kernel, which goes past the machine's own rules about who may reach it, but relayed by the daemon, which does not.</summary>
    public bool RelaysPorts { get; init; }

    /// <summary>What <c>host-gateway</c> stands for; null for the default bridge's address.</summary>
    public string? HostGateway { get; init; }

    /// <summary>Of bridges and the interfaces on them. 1500 is Docker's default.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>How many network namespaces are kept ready for containers to come; 0 makes each as it is needed.</summary>
    public int NamespacesReady { get; init; }

    public IReadOnlyList<string>? Dns { get; init; }
    public IReadOnlyList<string>? DnsSearch { get; init; }
    public IReadOnlyList<string>? DnsOptions { get; init; }
}

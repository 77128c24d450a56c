namespace Yun.Node.Networks;

/// <param name="DataRoot">Names of bridges, interfaces and tables derive from a hash of this path, so that several daemons share a machine.</param>
/// <param name="Bridge">The default network's bridge. Null makes one of our own name; <c>none</c> means there is no default network; one that exists is used with the address it has.</param>
/// <param name="BridgeAddress">Address and prefix of the default bridge, such as <c>192.168.5.1/24</c>. Null picks a free subnet.</param>
/// <param name="Mtu">Of bridges and the interfaces on them. 1500 is Docker's default.</param>
/// <param name="InterContainerCommunication">May containers on the default bridge reach each other. True is Docker's default.</param>
/// <param name="DefaultHostIp">Where ports are published that name no address. 0.0.0.0 is Docker's default and includes <c>::</c>.</param>
/// <param name="NamespacesReadyMax">How many network namespaces are kept made ahead; 0 makes each when it is needed.</param>
public sealed record NetworkOptions(
    string DataRoot,
    string ExecRoot,
    string? Bridge = null,
    string? BridgeAddress = null,
    int Mtu = 1500,
    bool InterContainerCommunication = true,
    string DefaultHostIp = "0.0.0.0",
    IReadOnlyList<string>? Dns = null,
    IReadOnlyList<string>? DnsSearch = null,
    IReadOnlyList<string>? DnsOptions = null,
    int NamespacesReadyMax = 0);

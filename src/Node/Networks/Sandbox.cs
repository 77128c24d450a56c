using Microsoft.Win32.SafeHandles;
using Yun.Node.Containers;

namespace Yun.Node.Networks;

/// <summary>What a container gets from its networks.</summary>
/// <param name="Namespace">Null when the container uses the host's. It belongs to the controller and stays open until the container is detached: do not dispose it.</param>
/// <param name="Endpoints">By network name, as <c>inspect</c> shows them.</param>
/// <param name="Ports">By <c>port/protocol</c>; null for a port that is exposed and not published.</param>
/// <param name="ResolvConf">The text of /etc/resolv.conf.</param>
/// <param name="Hosts">The text of /etc/hosts.</param>
/// <param name="Interfaces">What a virtual machine must be given, for its namespace has no addresses.</param>
public sealed record Sandbox(
    SafeFileHandle? Namespace,
    IReadOnlyDictionary<string, EndpointSettings> Endpoints,
    IReadOnlyDictionary<string, List<PortBinding>?> Ports,
    string ResolvConf,
    string Hosts,
    IReadOnlyList<SandboxInterface> Interfaces);

/// <summary>One interface of a virtual machine.</summary>
/// <param name="Name">Inside.</param>
/// <param name="Tap">The interface in the namespace whose other end is the machine.</param>
/// <param name="Addresses">With the lengths of their prefixes.</param>
/// <param name="Gateways">Where this interface leads outside: at most one of each family.</param>
public sealed record SandboxInterface(string Name, string Tap, string MacAddress, IReadOnlyList<string> Addresses, IReadOnlyList<string> Gateways);

/// <summary>What <see cref="NetworkController.AttachAsync"/> needs to know of a container.</summary>
/// <param name="NetworkingConfig">The networks to join; the one of <see cref="HostConfig.NetworkMode"/> is joined also when it is not named here.</param>
/// <param name="MachineUser">For a virtual machine: the user that its interfaces belong to.</param>
/// <param name="Namespace">One that was made for it; it stays the caller's. Null makes one.</param>
/// <param name="AsksForAddresses">For one whose system is not ours: it is answered by DHCP and DNS.</param>
public sealed record SandboxRequest(
    string ContainerId, string Name, string Hostname, string Domainname,
    ContainerConfig Config, HostConfig HostConfig, NetworkingConfig? NetworkingConfig, uint MachineUser = 0, bool AsksForAddresses = false, SafeFileHandle? Namespace = null);

/// <summary>A container that runs as the daemon starts: its namespace is found through its process.</summary>
public readonly record struct LiveContainer(string Id, int Pid);

/// <summary>One container's place on a network, as <c>network inspect</c> lists it: addresses with the length of their prefix, or empty.</summary>
public sealed record NetworkMember(string ContainerId, string Name, string EndpointId, string MacAddress, string Ipv4Address, string Ipv6Address);

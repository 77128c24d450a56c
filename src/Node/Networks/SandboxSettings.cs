using Yun.Linux.Netlink;

namespace Yun.Node.Networks;

internal static class SandboxSettings
{
    /// <summary>For an interface on a network that has IPv6, before it is set up. Routers' advertisements stay unheard, and nobody is asked whether its link-local address is free: on such a network addresses are ours to give.</summary>
    internal static NetworkSetting[] WithIpv6(string name) => [new($"ipv6/conf/{name}/disable_ipv6", "0"), new($"ipv6/conf/{name}/accept_dad", "0")];

    /// <summary>What a container's namespace begins with.</summary>
    internal static NetworkSetting[] All { get; } =
    [
        // Interfaces made from now on have no IPv6 unless their network has; the loopback interface, which is there already, keeps ::1.
        new("ipv6/conf/default/disable_ipv6", "1"),
        new("ipv6/conf/default/accept_ra", "0"),
        // As dockerd has it: a web server on port 80 and ping need no capability inside a namespace of their own.
        new("ipv4/ip_unprivileged_port_start", "0"),
        new("ipv4/ping_group_range", "0 2147483647"),
    ];
}

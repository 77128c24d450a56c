using Yun.Linux.Netlink;

namespace Yun.Node.Networks;

internal static class SandboxSettings
{
    /// <summary>What a container's namespace begins with.</summary>
    internal static NetworkSetting[] All { get; } =
    [
        // Interfaces made from now on have no IPv6; the loopback interface, which is there already, keeps ::1.
        new("ipv6/conf/default/disable_ipv6", "1"),
        new("ipv6/conf/default/accept_ra", "0"),
        // As dockerd has it: a web server on port 80 and ping need no capability inside a namespace of their own.
        new("ipv4/ip_unprivileged_port_start", "0"),
        new("ipv4/ping_group_range", "0 2147483647"),
    ];
}

using System.Text;
using Yun.Linux.Nftables;

namespace Yun.Node.Networks;

/// <summary>
/// The rules of our nftables table. They never change: what does, networks and published ports, are elements of the sets and maps.
/// If all of it is lost, nothing is more open than before, save that networks no longer keep apart.
/// </summary>
internal static class FirewallRules
{
    // A connection of this machine to 127.0.0.1 cannot be sent on as it is: the kernel refuses to route that source address out of a real interface unless
    // route_localnet is set, which would also open the host's own loopback to the containers. So it wears the bridge's address, put on before connection
    // tracking sees it (raw) and taken off after the answer was translated back (150, behind srcnat in input). Both are stateless.
    //
    // A packet of another machine to 127.0.0.1 is left alone in prerouting, and the kernel drops it as a martian. One of this machine to ::1 is relayed by the daemon.
    //
    // What comes from a bridge of ours and bears an address that is not of its network is forged, and goes nowhere; a link-local IPv6 address goes no further by itself.
    //
    // Forwarded: into a network goes what belongs to a connection, what talks within it, and what was published; all else is dropped, from other networks as
    // from the outside. Traffic that touches no bridge of ours is not ours to judge.
    private const string Body = """
            set bridges { type ifname; {bridges} }
            set internal { type ifname; {internal} }
            set masqueraded { type ifname; {masqueraded} }
            set talking { type ifname . ifname; {talking} }
            set guarded { type ifname; {guarded} }
            set within { type ipv4_addr . ifname; flags interval; {within} }
            set within_ipv6 { type ipv6_addr . ifname; flags interval; {within_ipv6} }
            map ports_any { type inet_proto . inet_service : ipv4_addr . inet_service; {ports_any} }
            map ports_at { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; {ports_at} }
            map ports_any_ipv6 { type inet_proto . inet_service : ipv6_addr . inet_service; {ports_any_ipv6} }
            map ports_at_ipv6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; {ports_at_ipv6} }
            map gateways_any { type inet_proto . inet_service : ipv4_addr; {gateways_any} }
            map gateways_at { type ipv4_addr . inet_proto . inet_service : ipv4_addr; {gateways_at} }

            chain guard {
                type filter hook prerouting priority raw; policy accept;
                iifname != @guarded accept
                ip saddr . iifname != @within drop
                ip6 saddr { ::, fe80::/10 } accept
                ip6 saddr . iifname != @within_ipv6 drop
            }
            chain loopback-out {
                type filter hook output priority raw; policy accept;
                oifname "lo" ip saddr 127.0.0.1 ip daddr 127.0.0.0/8 jump wear-gateway
            }
            chain wear-gateway {
                ip saddr set ip daddr . meta l4proto . th dport map @gateways_at return
                ip saddr set meta l4proto . th dport map @gateways_any
            }
            chain loopback-in {
                type filter hook input priority 150; policy accept;
                iifname @bridges ip saddr 127.0.0.0/8 ip daddr set 127.0.0.1
            }
            chain prerouting {
                type nat hook prerouting priority dstnat; policy accept;
                ip daddr 127.0.0.0/8 return
                fib daddr type local jump published
            }
            chain output {
                type nat hook output priority -100; policy accept;
                ip6 daddr ::1 return
                fib daddr type local jump published
            }
            chain published {
                dnat ip to ip daddr . meta l4proto . th dport map @ports_at
                dnat ip6 to ip6 daddr . meta l4proto . th dport map @ports_at_ipv6
                meta nfproto ipv4 dnat ip to meta l4proto . th dport map @ports_any
                meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @ports_any_ipv6
            }
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                ct status dnat ip saddr . oifname @within masquerade
                ct status dnat ip6 saddr . oifname @within_ipv6 masquerade
                iifname @masqueraded oifname != @bridges masquerade
            }
            chain forward {
                type filter hook forward priority filter; policy accept;
                iifname != @bridges oifname != @bridges accept
                ct state established,related accept
                iifname . oifname @talking accept
                iifname @internal drop
                ct status dnat accept
                oifname @bridges drop
            }
        """;

    /// <summary>Commands that make the table what it should be in one transaction, whatever was there.</summary>
    internal static string Text(string table, IEnumerable<NftablesElement> elements)
    {
        var body = new StringBuilder(Body);
        foreach (var set in elements.GroupBy(element => element.Set))
            body.Replace($"{{{set.Key}}}", $"elements = {{ {string.Join(", ", set)} }}");
        foreach (var set in FirewallSets.All) body.Replace($"{{{set}}}", "");
        return $"add table inet {table}\ndelete table inet {table}\ntable inet {table} {{\n{body}\n}}\n";
    }
}

internal static class FirewallSets
{
    internal const string Bridges = "bridges", Guarded = "guarded", Internal = "internal", Masqueraded = "masqueraded", Talking = "talking", Within = "within", WithinIpv6 = "within_ipv6";
    internal const string PortsAny = "ports_any", PortsAt = "ports_at", PortsAnyIpv6 = "ports_any_ipv6", PortsAtIpv6 = "ports_at_ipv6", GatewaysAny = "gateways_any", GatewaysAt = "gateways_at";

    internal static readonly string[] All = [Bridges, Guarded, Internal, Masqueraded, Talking, Within, WithinIpv6, PortsAny, PortsAt, PortsAnyIpv6, PortsAtIpv6, GatewaysAny, GatewaysAt];
}

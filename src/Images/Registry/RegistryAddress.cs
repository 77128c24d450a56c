using System.Net;
using System.Net.Sockets;

namespace Yun.Images.Registry;

/// <summary>Where a registry is, and what it may do there.</summary>
public static class RegistryAddress
{
    /// <summary>docker.io is a name for people; this is where its registry answers.</summary>
    public static string HostOf(string domain) => domain is "docker.io" or "index.docker.io" ? "registry-1.docker.io" : domain;

    public static string NameOf(string host) => host.StartsWith('[') ? host[1..host.IndexOf(']', StringComparison.Ordinal)] : host.Split(':')[0];

    public static bool HasPort(string host) => host.Length > (host.StartsWith('[') ? NameOf(host).Length + 2 : NameOf(host).Length);

    public static bool IsLoopback(string host) => NameOf(host) is var name
        && (name == "localhost" || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address)));

    /// <summary>Listed by name, by name and port, or by a network that holds the address.</summary>
    public static bool IsListed(IReadOnlyList<string>? list, string host) => list is not null && list.Any(item =>
        item == host || item == NameOf(host) || (IPNetwork.TryParse(item, out var network) && Addresses(NameOf(host)).Any(network.Contains)));

    /// <summary>
    /// Whether credentials for one host may go to another, which its registry names as its token server: to the same host, or to one of the same site, such as
    /// gitlab.example.com for registry.example.com. What the site is, is guessed from the name: the last two parts, three where the second to last is as short as in co.uk.
    /// </summary>
    public static bool IsSameSite(string host, string other)
    {
        var (one, two) = (NameOf(host), NameOf(other));
        if (one.Equals(two, StringComparison.OrdinalIgnoreCase) || (IsLoopback(host) && IsLoopback(other))) return true;
        return !IPAddress.TryParse(one, out _) && SiteOf(one) is { } site && site == SiteOf(two);
    }

    private static string? SiteOf(string name)
    {
        var parts = name.ToLowerInvariant().Split('.');
        var length = parts.Length >= 2 && parts[^2].Length <= 3 && parts[^1].Length == 2 ? 3 : 2;
        return parts.Length < length ? null : string.Join('.', parts[^length..]);
    }

    private static IPAddress[] Addresses(string name)
    {
        if (IPAddress.TryParse(name, out var address)) return [address];
        try { return Dns.GetHostAddresses(name); }
        catch (SocketException) { return []; }
    }
}

using Yun.Linux.Netlink;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>Docker's options of one container's place on a network: <c>--network name=…,driver-opt=…</c>.</summary>
internal static class EndpointOption
{
    private const string Name = "com.docker.network.endpoint.ifname", Sysctls = "com.docker.network.endpoint.sysctls";
    // The kernel's limit without the final zero.
    private const int NameLengthMax = 15;

    /// <summary>What the interface shall be called inside; null leaves it to us.</summary>
    public static string? InterfaceName(EndpointSettings asked)
    {
        if (asked.DriverOpts?.GetValueOrDefault(Name) is not { Length: > 0 } name) return null;
        return name.Length <= NameLengthMax && name is not ("." or "..") && !name.Any(c => c is '/' or ':' || char.IsWhiteSpace(c)) ? name
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid interface name {name}: it has at most {NameLengthMax} characters, and no slash, colon or space");
    }

    /// <summary>Kernel settings of the interface, which is there already: <c>net.ipv4.conf.IFNAME.log_martians=1</c>, several with commas between.</summary>
    public static NetworkSetting[] Settings(EndpointSettings asked, string interfaceName)
    {
        if (asked.DriverOpts?.GetValueOrDefault(Sysctls) is not { Length: > 0 } text) return [];
        return [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(setting => Setting(setting, interfaceName))];
    }

    private static NetworkSetting Setting(string text, string interfaceName)
    {
        // As sysctl(8) takes them: dots or slashes between, and IFNAME for the interface whatever it will be called.
        var parts = text.Split('=', 2);
        var path = parts[0].Contains('/') ? parts[0].Split('/') : parts[0].Split('.');
        // In any case of letters, for the stock client makes small ones of them.
        if (parts.Length != 2 || path is not ["net", "ipv4" or "ipv6" or "mpls", "conf" or "neigh", var own, var key] || !own.Equals("IFNAME", StringComparison.OrdinalIgnoreCase) || key.Length == 0 || key.StartsWith('.'))
            throw new EngineException(ErrorKind.InvalidArgument, $"unrecognised network interface sysctl '{text}': it must be net.ipv4.conf.IFNAME.setting=value, or ipv6, mpls, neigh for ipv4 and conf");
        return new NetworkSetting($"{path[1]}/{path[2]}/{interfaceName}/{key}", parts[1]);
    }
}

using System.Net;

namespace Yun.Node.Networks;

/// <summary>What a resolv.conf says.</summary>
public sealed record HostResolver(IReadOnlyList<string> Servers, IReadOnlyList<string> Search, IReadOnlyList<string> Options)
{
    private const string Path = "/etc/resolv.conf", SystemdPath = "/run/systemd/resolve/resolv.conf";

    /// <summary>The host's own. Where that is only systemd-resolved's stub, what the stub itself asks.</summary>
    public static HostResolver Read()
    {
        var resolver = ReadFile(Path);
        return resolver.Servers is ["127.0.0.53"] && File.Exists(SystemdPath) ? ReadFile(SystemdPath) : resolver;
    }

    public static HostResolver Parse(string text)
    {
        List<string> servers = [];
        string[] search = [], options = [];
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words is ["nameserver", var server, ..]) servers.Add(server);
            if (words is ["search" or "domain", ..]) search = words[1..];
            if (words is ["options", ..]) options = [.. options, .. words[1..]];
        }
        return new HostResolver(servers, search, options);
    }

    /// <summary>The servers that a container can reach: none on the host's own loopback, and none by IPv6, which our networks do not carry.</summary>
    public IReadOnlyList<string> ServersOutside =>
        [.. Servers.Where(server => IPAddress.TryParse(server, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && !IPAddress.IsLoopback(address))];

    private static HostResolver ReadFile(string path) => Parse(File.Exists(path) ? File.ReadAllText(path) : "");
}

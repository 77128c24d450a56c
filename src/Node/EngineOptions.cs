using System.Security.Cryptography;
using System.Text;
using Yun.Protocol;

namespace Yun.Node;

/// <param name="DataRoot">What must outlive a reboot.</param>
/// <param name="ExecRoot">What must not: sockets, namespaces. On a tmpfs.</param>
/// <param name="RuntimePath">The yun-runtime program.</param>
/// <param name="InitPath">The program that <c>--init</c> puts before the container's; null looks for a static tini where distributions put it.</param>
/// <param name="Bridge">The default bridge's name; null derives one from the data root.</param>
/// <param name="Bip">The default bridge's address and prefix length; null takes a free one from the pools.</param>
/// <param name="StopTimeoutSeconds">How long a container may take to stop. 10 is dockerd's default.</param>
public sealed record EngineOptions(
    string DataRoot = "/var/lib/yun", string ExecRoot = "/run/yun", string RuntimePath = "/usr/local/bin/yun-runtime", string? InitPath = null,
    string? Bridge = null, string? Bip = null, int StopTimeoutSeconds = 10, int Mtu = 1500, IReadOnlyList<string>? Dns = null,
    IReadOnlyList<string>? DnsSearch = null, IReadOnlyList<string>? DnsOptions = null, IReadOnlyList<string>? InsecureRegistries = null)
{
    public string ContainersDirectory => Path.Combine(DataRoot, "containers");
    public string StorePath => Path.Combine(DataRoot, "yun.db");
    public string KeeperSocketPath => Path.Combine(ExecRoot, "keeper.sock");

    /// <summary>Eight hex digits that tell this daemon's cgroups, bridges and tables from another's on the same machine.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(DataRoot)))[..8];

    /// <summary>The cgroup that holds all of this daemon's containers.</summary>
    public string CgroupName => "yun-" + Hash;

    public EngineOptions Checked() =>
        !Path.IsPathRooted(DataRoot) ? throw Wrong($"The data root '{DataRoot}' is not an absolute path.")
        : !Path.IsPathRooted(ExecRoot) ? throw Wrong($"The exec root '{ExecRoot}' is not an absolute path.")
        : StopTimeoutSeconds is < 0 or > 3600 ? throw Wrong($"The stop timeout is {StopTimeoutSeconds} seconds; it must be 0 to 3600.")
        : this;

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

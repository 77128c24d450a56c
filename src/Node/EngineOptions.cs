using System.Security.Cryptography;
using System.Text;
using Yun.Images.Registry;
using Yun.Node.Containers;
using Yun.Node.Containers.Spec;
using Yun.Node.Machines;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node;

/// <param name="DataRoot">What must outlive a reboot.</param>
/// <param name="ExecRoot">What must not: sockets, namespaces. On a tmpfs.</param>
/// <param name="RuntimePath">The yun-runtime program.</param>
/// <param name="InitPath">The program that <c>--init</c> puts before the container's; null looks for a static tini where distributions put it.</param>
/// <param name="StopTimeoutSeconds">How long a container may take to stop. 10 is dockerd's default.</param>
public sealed record EngineOptions(
    string DataRoot = "/var/lib/yun", string ExecRoot = "/run/yun", string RuntimePath = "/usr/local/bin/yun-runtime", string? InitPath = null, int StopTimeoutSeconds = 10)
{
    /// <summary>Null for a network as <see cref="NetworkOptions"/> has it by itself.</summary>
    public NetworkOptions? Networks { get; init; }

    public RegistryOptions Registries { get; init; } = new();

    public MachineOptions Machines { get; init; } = new();

    public ContainerPolicy Containers { get; init; } = new();

    /// <summary>The daemon's own, <c>key=value</c>, for people and schedulers to tell machines apart.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    public string ContainersDirectory => Path.Combine(DataRoot, "containers");
    public string StorePath => Path.Combine(DataRoot, "yun.db");
    public string KeeperSocketPath => Path.Combine(ExecRoot, "keeper.sock");

    /// <summary>Eight hex digits that tell this daemon's cgroups, bridges and tables from another's on the same machine.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(DataRoot)))[..8];

    /// <summary>The cgroup that holds all of this daemon's containers.</summary>
    public string CgroupName => "yun-" + Hash;

    public EngineOptions Checked()
    {
        LogSettings.Check(Containers.Log);
        SecurityProfile.Checked(Containers.Profile);
        if (!Path.IsPathRooted(DataRoot)) throw Wrong($"The data root '{DataRoot}' is not an absolute path.");
        if (!Path.IsPathRooted(ExecRoot)) throw Wrong($"The exec root '{ExecRoot}' is not an absolute path.");
        if (Machines.BootDeadlineSeconds is < 1 or > 3600) throw Wrong($"A virtual machine's guest would have {Machines.BootDeadlineSeconds} seconds to come up; it must be 1 to 3600.");
        if (StopTimeoutSeconds is < 0 or > 3600) throw Wrong($"The stop timeout is {StopTimeoutSeconds} seconds; it must be 0 to 3600.");
        return Registries is { Tries: >= 1, LayersAtOnce: >= 1 } ? this : throw Wrong("Downloads must be tried once at least, and one layer at a time.");
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

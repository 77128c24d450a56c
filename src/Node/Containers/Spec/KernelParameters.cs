using Yun.Node.Containers.UserIds;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary><c>--sysctl</c>: only parameters that a namespace of the container has for itself, for the others are the host's.</summary>
public static class KernelParameters
{
    private static readonly HashSet<string> s_ipc =
        ["kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"];

    /// <summary>What was asked, and what Docker sets where a container has a network of its own: ping and low ports without a capability.</summary>
    public static Dictionary<string, string> Of(HostConfig host, bool ownNetwork, UserNamespace? space)
    {
        var parameters = new Dictionary<string, string>();
        if (ownNetwork)
        {
            parameters["net.ipv4.ip_unprivileged_port_start"] = "0";
            // All groups that there are: from inside a user namespace the kernel takes no others.
            parameters["net.ipv4.ping_group_range"] = $"0 {space?.Groups.Sum(range => range.Size) - 1 ?? int.MaxValue}";
        }
        foreach (var (name, value) in host.Sysctls ?? []) parameters[name] = value;
        return parameters;
    }

    /// <exception cref="EngineException">A parameter is not the container's own.</exception>
    public static void Check(HostConfig host)
    {
        foreach (var name in (host.Sysctls ?? []).Keys)
        {
            if (name.Contains("..", StringComparison.Ordinal) || name.Contains('\0')) throw Refused($"sysctl \"{name}\" is not a kernel parameter");
            if (s_ipc.Contains(name) || name.StartsWith("fs.mqueue.", StringComparison.Ordinal))
            {
                if (host.IpcMode == "host") throw Refused($"sysctl \"{name}\" not allowed in host ipc namespace");
            }
            else if (name.StartsWith("net.", StringComparison.Ordinal))
            {
                if (host.NetworkMode == "host") throw Refused($"sysctl \"{name}\" not allowed in host network namespace");
            }
            else if (name is not "kernel.domainname")
            {
                throw Refused($"sysctl \"{name}\" is not in a separate kernel namespace");
            }
        }
    }

    private static EngineException Refused(string message) => new(ErrorKind.InvalidArgument, message);
}

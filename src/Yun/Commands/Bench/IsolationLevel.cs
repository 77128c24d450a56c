using Yun.DockerApi.Model;
using Yun.Node.Containers;

namespace Yun.Commands.Bench;

/// <summary>A way to run a program of an image, by how much of the machine it shares.</summary>
/// <param name="Shares">What a reader is told of it.</param>
public sealed record IsolationLevel(string Name, string Shares, HostConfig Host)
{
    /// <summary>From the least isolated to the most.</summary>
    public static IReadOnlyList<IsolationLevel> All { get; } =
    [
        new("process", "files of its own; kernel, network, processes and rights are the machine's", new HostConfig
        {
            NetworkMode = "host", PidMode = "host", IpcMode = "host", UtsMode = "host", CgroupnsMode = "host", Privileged = true,
        }),
        new("container", "its own view of network, processes and users, within limits; the machine's kernel", new HostConfig()),
        new("virtual machine", "a machine of its own in software, with a kernel of its own", new HostConfig { Runtime = "vm" }),
    ];

    public bool UsesHostNetwork => Host.NetworkMode == "host";
}

namespace Yun.Node.Containers;

/// <summary>A container's network, PID or IPC mode that names another container, whose namespace is shared: <c>container:NAME</c>, and <c>container:ID</c> once it is made.</summary>
public static class NamespaceMode
{
    private const string ContainerPrefix = "container:";

    /// <summary>The other container's name or id; null when the mode names none.</summary>
    public static string? SharedContainer(string? mode) => mode is not null && mode.StartsWith(ContainerPrefix, StringComparison.Ordinal) ? mode[ContainerPrefix.Length..] : null;

    /// <summary>The names or ids of all containers whose namespaces are shared, the network's first; one may be there several times.</summary>
    public static IEnumerable<string> SharedContainers(HostConfig host)
    {
        foreach (var mode in (string?[])[host.NetworkMode, host.PidMode, host.IpcMode])
            if (SharedContainer(mode) is { } other) yield return other;
    }

    /// <summary>The mode that shares with the container.</summary>
    public static string Share(string containerId) => ContainerPrefix + containerId;
}

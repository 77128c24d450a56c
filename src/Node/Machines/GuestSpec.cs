using Yun.Oci;

namespace Yun.Node.Machines;

/// <summary>A container's specification as the one that is started inside its virtual machine: the machine takes the place of the network namespace and of the limits.</summary>
public static class GuestSpec
{
    private const string FilesInGuest = "/run/yun/";

    /// <param name="files">Where the container's hosts, hostname and resolv.conf are on this side.</param>
    public static RuntimeSpec Of(RuntimeSpec spec, string files)
    {
        var linux = spec.Linux!;
        spec.Mounts = spec.Mounts!.FindAll(mount => mount.Type != "cgroup");
        foreach (var mount in spec.Mounts)
            if (mount.Source is { } source && Path.GetDirectoryName(source) == files) mount.Source = FilesInGuest + Path.GetFileName(source);
        linux.Namespaces = linux.Namespaces!.FindAll(space => space.Type is not ("network" or "cgroup"));
        (linux.CgroupsPath, linux.Resources) = (null, null);
        linux.Sysctl = linux.Sysctl?.Where(parameter => !IsOfNetwork(parameter.Key)).ToDictionary();
        return spec;
    }

    /// <summary>The kernel's parameters that belong to a network, which is the whole machine's: one a line, <c>net/… value</c>.</summary>
    public static string NetworkParameters(IReadOnlyDictionary<string, string>? parameters) =>
        string.Concat((parameters ?? new Dictionary<string, string>()).Where(parameter => IsOfNetwork(parameter.Key)).Select(parameter => $"{parameter.Key.Replace('.', '/')} {parameter.Value}\n"));

    private static bool IsOfNetwork(string parameter) => parameter.StartsWith("net.", StringComparison.Ordinal) || parameter.StartsWith("net/", StringComparison.Ordinal);
}

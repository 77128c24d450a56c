using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Commands;
using Yun.Runtime.Compile;

namespace Yun.Runtime;

/// <summary>Writes the id maps of a new user namespace: root by itself, another user its own id by itself and more through newuidmap(1), which knows what the user was given (subuid(5)).</summary>
internal static class MapWriter
{
    /// <summary>Whether the container's process may not change its groups: the price of a map of one's own group without help (user_namespaces(7)), paid for its namespace or for ours.</summary>
    public static bool DeniesGroups(SpecLinux linux)
    {
        if (UserIdentity.IsInUserNamespace && KernelFile.TryRead("/proc/self/setgroups")?.StartsWith("deny", StringComparison.Ordinal) == true) return true;
        return UserIdentity.UserId != 0 && linux.Namespaces?.Exists(n => n.Type == "user") == true && linux.GidMappings is [{ Size: 1 } only] && only.HostId == UserIdentity.GroupId;
    }

    public static void Write(int pid, bool isGroups, List<SpecIdMapping> mappings)
    {
        var field = isGroups ? "linux.gidMappings" : "linux.uidMappings";
        var own = isGroups ? UserIdentity.GroupId : UserIdentity.UserId;
        var isOwn = mappings is [{ Size: 1 } only] && only.HostId == own;
        if (UserIdentity.UserId != 0 && !isOwn)
        {
            Ask(pid, isGroups ? "newgidmap" : "newuidmap", mappings, field);
            return;
        }
        try
        {
            if (isGroups && UserIdentity.UserId != 0) KernelFile.Write($"/proc/{pid}/setgroups", "deny");
            KernelFile.Write($"/proc/{pid}/{(isGroups ? "gid_map" : "uid_map")}", UserNamespaceSteps.MapText(mappings, field));
        }
        catch (SyscallException error) { throw new SpecException(field, $"the kernel refuses it: {error.Errno.Describe()}"); }
    }

    private static void Ask(int pid, string program, List<SpecIdMapping> mappings, string field)
    {
        List<string> command = [ProgramPath.Find(program) ?? throw new SpecException(field, $"has more than your own id, which takes {program} (the package uidmap)"), $"{pid}"];
        foreach (var mapping in mappings) command.AddRange([$"{mapping.ContainerId}", $"{mapping.HostId}", $"{mapping.Size}"]);
        using var none = PathDescriptor.Open(null, "/dev/null", OpenFlags.ReadWrite);
        using var errors = new SafeFileHandle(2, ownsHandle: false);
        using var process = ProcessSpawn.Start(command, ["PATH=/usr/bin:/bin"], none, none, errors);
        if (ProcessDescriptor.Wait(process).Code is var code && code != 0) throw new SpecException(field, $"{program} refuses it (status {code}); /etc/subuid and /etc/subgid must give you these ids");
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Runtime;

/// <summary>Mounts whose files' owners are shifted (mount_setattr(2), MOUNT_ATTR_IDMAP). The kernel takes the shift from a user namespace, so one is made for each pair of maps and held by descriptor alone.</summary>
internal static unsafe class IdMap
{
    /// <param name="userNamespace">A user namespace that has the maps already; else one is made.</param>
    public static void Apply(SafeHandle mount, string? userNamespace, List<SpecIdMapping>? uids, List<SpecIdMapping>? gids, bool recursive, string field)
    {
        using var maps = userNamespace is not null ? PathDescriptor.Open(null, userNamespace, OpenFlags.ReadOnly)
            : MakeNamespace(UserNamespaceSteps.MapText(uids, $"{field}.uidMappings"), UserNamespaceSteps.MapText(gids, $"{field}.gidMappings"), field);
        try { MountTree.MapIds(mount, maps, recursive); }
        catch (SyscallException error) { throw new SpecException($"{field}.uidMappings", $"the file system cannot be id-mapped: {error.Errno.Describe()}"); }
    }

    // A namespace needs a first process, which lives just as long as it takes to write the maps.
    private static SafeFileHandle MakeNamespace(string uids, string gids, string field)
    {
        using var go = new Pipe();
        using var program = new SyscallProgram();
        program.Add("leave the sending to the parent", Syscall.close, (int)go.Write.DangerousGetHandle());
        program.Add("wait for the id maps", Syscall.read, (int)go.Read.DangerousGetHandle(), Argument.Memory(program.Arena.Allocate(1), "1 byte"), 1);
        program.Add("leave", Syscall.exit_group);
        var pidFd = program.Arena.Place(-1L);
        var pid = ContainerLauncher.Clone(program, CloneFlags.NewUser, pidFd);
        using var process = new SafeFileHandle((nint)(int)*pidFd, ownsHandle: true);
        try
        {
            KernelFile.Write($"/proc/{pid}/uid_map", uids);
            KernelFile.Write($"/proc/{pid}/gid_map", gids);
            return PathDescriptor.Open(null, $"/proc/{pid}/ns/user", OpenFlags.ReadOnly);
        }
        catch (SyscallException error) { throw new SpecException($"{field}.uidMappings", $"the kernel refuses it: {error.Errno.Describe()}"); }
        finally
        {
            go.Write.Dispose();
            ProcessDescriptor.Wait(process);
        }
    }
}

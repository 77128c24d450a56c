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
    public static void Apply(SafeHandle mount, SafeHandle? userNamespace, List<SpecIdMapping>? uids, List<SpecIdMapping>? gids, bool recursive, string field)
    {
        using var made = userNamespace is not null ? null : MakeNamespace(UserNamespaceSteps.MapText(uids, $"{field}.uidMappings"), UserNamespaceSteps.MapText(gids, $"{field}.gidMappings"), field);
        try { MountTree.MapIds(mount, userNamespace ?? made!, recursive); }
        catch (SyscallException error) { throw new SpecException(userNamespace is null ? $"{field}.uidMappings" : field, $"the file system cannot be id-mapped: {error.Errno.Describe()}"); }
    }

    /// <summary>A user namespace with these maps, and a network namespace that belongs to it when that is asked for.</summary>
    /// <exception cref="SpecException">The kernel does not take the maps.</exception>
    public static (SafeFileHandle User, SafeFileHandle? Network) MakeNamespaces(List<SpecIdMapping> uids, List<SpecIdMapping> gids, bool network)
    {
        SafeFileHandle? made = null;
        var user = MakeNamespace(UserNamespaceSteps.MapText(uids, "linux.uidMappings"), UserNamespaceSteps.MapText(gids, "linux.gidMappings"), "linux",
            network ? pid => made = PathDescriptor.Open(null, $"/proc/{pid}/ns/net", OpenFlags.ReadOnly) : null);
        return (user, made);
    }

    /// <summary>A network namespace that belongs to a user namespace which is there already.</summary>
    public static SafeFileHandle MakeNetworkIn(SafeHandle userNamespace)
    {
        using var go = new Pipe();
        using var ready = new Pipe();
        using var program = new SyscallProgram();
        program.Add("leave the sending to the parent", Syscall.close, (int)go.Write.DangerousGetHandle());
        program.Add("join the user namespace", Syscall.setns, (int)userNamespace.DangerousGetHandle(), (long)CloneFlags.NewUser).Tolerate([Errno.EPERM, Errno.EINVAL]);
        program.Add("make the network namespace", Syscall.unshare, (long)CloneFlags.NewNetwork).Tolerate([Errno.EPERM, Errno.ENOMEM, Errno.ENOSPC]);
        program.Add("tell that it is there", Syscall.write, (int)ready.Write.DangerousGetHandle(), Argument.Memory(program.Arena.Allocate(1), "1 byte"), 1);
        program.Add("wait until it is held", Syscall.read, (int)go.Read.DangerousGetHandle(), Argument.Memory(program.Arena.Allocate(1), "1 byte"), 1);
        program.Add("leave", Syscall.exit_group);
        var pidFd = program.Arena.Place(-1L);
        var pid = ContainerLauncher.Clone(program, CloneFlags.None, pidFd);
        using var process = new SafeFileHandle((nint)(int)*pidFd, ownsHandle: true);
        ready.Write.Dispose();
        try
        {
            Span<PollEntry> entries = [new((int)ready.Read.DangerousGetHandle(), PollEvents.Readable)];
            Poll.Wait(entries, -1);
            var path = $"/proc/{pid}/ns/net";
            return NamespaceOwner.OwnerOf(path) is { } owner && owner == NamespaceOwner.IdOf(userNamespace) ? PathDescriptor.Open(null, path, OpenFlags.ReadOnly)
                : throw new SyscallException("unshare", Errno.EPERM, "network namespace in the user namespace");
        }
        finally
        {
            go.Write.Dispose();
            ProcessDescriptor.Wait(process);
        }
    }

    // A namespace needs a first process, which lives just as long as it takes to write the maps.
    private static SafeFileHandle MakeNamespace(string uids, string gids, string field, Action<int>? openNetwork = null)
    {
        using var go = new Pipe();
        using var program = new SyscallProgram();
        program.Add("leave the sending to the parent", Syscall.close, (int)go.Write.DangerousGetHandle());
        program.Add("wait for the id maps", Syscall.read, (int)go.Read.DangerousGetHandle(), Argument.Memory(program.Arena.Allocate(1), "1 byte"), 1);
        program.Add("leave", Syscall.exit_group);
        var pidFd = program.Arena.Place(-1L);
        var pid = ContainerLauncher.Clone(program, openNetwork is null ? CloneFlags.NewUser : CloneFlags.NewUser | CloneFlags.NewNetwork, pidFd);
        using var process = new SafeFileHandle((nint)(int)*pidFd, ownsHandle: true);
        try
        {
            KernelFile.Write($"/proc/{pid}/uid_map", uids);
            KernelFile.Write($"/proc/{pid}/gid_map", gids);
            openNetwork?.Invoke(pid);
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

using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Runtime.Compile;

/// <summary>
/// Device nodes for a container with a user namespace, made by us, who may, and shown by mounts whose owners are shifted: so they belong to whom the spec says. Each is a mount of
/// its own, and no path leads to the others.
/// </summary>
internal static class DeviceNodes
{
    /// <returns>Null where the kernel has no such tmpfs, or we are not root ourselves.</returns>
    public static SafeFileHandle? TryMake(CompileContext context, SpecDevice device)
    {
        if (context.Host.UserId != 0 || context.Host.IsInUserNamespace || context.Linux.UidMappings is null || context.Linux.GidMappings is null) return null;
        if (UserNamespaceSteps.OnHost(context.Linux.UidMappings, device.Uid ?? 0) is null || UserNamespaceSteps.OnHost(context.Linux.GidMappings, device.Gid ?? 0) is null) return null;
        try
        {
            var nodes = context.DeviceNodes ??= NewFolder(context);
            // A device may be there twice under two names, with other owners.
            var name = $"{context.Program.Count}";
            var kind = device.Type == "b" ? FileKind.BlockDevice : FileKind.CharacterDevice;
            if (FileAt.TryMakeNode(nodes, name, kind, 0, (uint)device.Major!.Value, (uint)device.Minor!.Value) != Errno.None) return null;
            FileAt.ChangeOwner(nodes, name, device.Uid ?? 0, device.Gid ?? 0);
            FileAt.ChangeMode(nodes, name, (device.FileMode ?? 0x1b6) & 0xfff);
            using var node = PathDescriptor.Open(nodes, name, OpenFlags.Path | OpenFlags.NoFollow);
            var mount = MountTree.Clone(node, recursive: false);
            MountTree.MapIds(mount, context.IdMaps(), recursive: false);
            return mount;
        }
        catch (SyscallException) { return null; }
    }

    private static SafeFileHandle NewFolder(CompileContext context) => MountTree.New("tmpfs", [new("mode", "755"), new("size", "64k")]);
}

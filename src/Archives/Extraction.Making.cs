using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Archives;

// What is made is made as the root that the archive is for, where that is not ours: on some mounts nobody else can.
internal sealed partial class Extraction
{
    private Errno TryMakeDirectory(SafeFileHandle parent, string name)
    {
        using var maker = OwnerMap.Maker(_options.OwnerMap);
        return FileAt.TryMakeDirectory(parent, name, 0x1C0);
    }

    private Errno TryMakeFile(SafeFileHandle parent, string name, out SafeFileHandle? opened)
    {
        using var maker = OwnerMap.Maker(_options.OwnerMap);
        return FileAt.TryOpen(parent, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out opened, NewFileMode);
    }

    private Errno TrySymbolicLink(string target, SafeFileHandle parent, string name)
    {
        using var maker = OwnerMap.Maker(_options.OwnerMap);
        return FileAt.TrySymbolicLink(target, parent, name);
    }

    private Errno TryHardLink(SafeFileHandle targetParent, string targetName, SafeFileHandle parent, string name)
    {
        using var maker = OwnerMap.Maker(_options.OwnerMap);
        return FileAt.TryHardLink(targetParent, targetName, parent, name);
    }

    private Errno TryMakeNode(TarEntry entry, SafeFileHandle parent, string name)
    {
        using var maker = OwnerMap.Maker(_options.OwnerMap);
        return FileAt.TryMakeNode(parent, name, entry.Kind, 0, entry.DeviceMajor, entry.DeviceMinor);
    }
}

using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Node.Volumes;

public sealed partial class VolumeStore
{
    /// <summary>The bytes of its files, each counted once however many names it has. 0 for a volume that is not a directory of ours.</summary>
    public long SizeBytes(string name)
    {
        if (TryFind(name) is not { Options: null }) return 0;
        try
        {
            using var top = PathDescriptor.Open(null, Mountpoint(name), OpenFlags.ReadOnly | OpenFlags.Directory);
            return DirectorySize.Of(top);
        }
        catch (SyscallException) { return 0; }
    }
}

/// <summary>What a tree of files holds, by their sizes as <c>ls</c> shows them.</summary>
internal static class DirectorySize
{
    private const int DepthMax = 200;

    /// <summary>Files that vanish while it counts are not counted; what is mounted in the tree is not looked into.</summary>
    public static long Of(SafeFileHandle top)
    {
        var seen = new HashSet<ulong>();
        return Of(top, FileAt.Status(top).FileSystem, seen, 0);
    }

    private static long Of(SafeFileHandle directory, ulong fileSystem, HashSet<ulong> seen, int depth)
    {
        var total = 0L;
        foreach (var name in FileAt.Names(directory))
        {
            if (FileAt.TryStatus(directory, name, out var status) != Errno.None || status.FileSystem != fileSystem) continue;
            if (status.LinkCount > 1 && status.Kind != FileKind.Directory && !seen.Add(status.Inode)) continue;
            if (status.Kind is FileKind.Regular or FileKind.SymbolicLink) total += status.Size;
            if (status.Kind != FileKind.Directory || depth == DepthMax) continue;
            if (FileAt.TryOpen(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory, out var inner) != Errno.None) continue;
            using (inner) total += Of(inner!, fileSystem, seen, depth + 1);
        }
        return total;
    }
}

using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Archives;

/// <summary>
/// Removes a file or a whole directory by descriptors: links are removed and never followed. Directories nested deeper than a limit are moved up first,
/// so that neither a path nor the number of open descriptors grows with the depth that an image chose.
/// </summary>
public static class TreeRemover
{
    private const int DepthMax = 100;

    /// <summary>It is not an error when there is nothing.</summary>
    public static void Remove(SafeFileHandle directory, string name)
    {
        switch (FileAt.TryRemove(directory, name))
        {
            case Errno.None or Errno.ENOENT: return;
            case Errno.EISDIR or Errno.EPERM: break;
            case var errno: throw new SyscallException("unlinkat", errno, name);
        }
        using (var top = FileAt.Open(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory)) Empty(top, top, 0);
        if (FileAt.TryRemove(directory, name, isDirectory: true) is not (Errno.None or Errno.ENOENT) and var failed) throw new SyscallException("unlinkat", failed, name);
    }

    /// <summary>Removes what is in a directory and leaves the directory.</summary>
    public static void Empty(SafeFileHandle directory) => Empty(directory, directory, 0);

    private static void Empty(SafeFileHandle directory, SafeFileHandle top, int depth)
    {
        for (var names = FileAt.Names(directory); names.Count > 0; names = depth == 0 ? FileAt.Names(directory) : [])
        {
            foreach (var name in names)
            {
                switch (FileAt.TryRemove(directory, name))
                {
                    case Errno.None or Errno.ENOENT: continue;
                    case Errno.EISDIR or Errno.EPERM: break;
                    case var errno: throw new SyscallException("unlinkat", errno, name);
                }
                if (depth == DepthMax)
                {
                    // The top's list is read again until it is empty.
                    if (FileAt.TryRename(directory, name, top, Guid.NewGuid().ToString("N")) is not Errno.None and var stuck) throw new SyscallException("renameat2", stuck, name);
                    continue;
                }
                using (var inner = FileAt.Open(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory)) Empty(inner, top, depth + 1);
                if (FileAt.TryRemove(directory, name, isDirectory: true) is not (Errno.None or Errno.ENOENT) and var failed) throw new SyscallException("unlinkat", failed, name);
            }
        }
    }
}

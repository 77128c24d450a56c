using Yun.Linux;
using Yun.Node.Volumes;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    // Of statx(2), whatever the file system's own are.
    private const int BlockBytes = 512;

    /// <summary>What it has written or changed over its image; of a virtual machine, what its disk for that takes here. 0 when it is being removed meanwhile.</summary>
    public long ChangedBytes()
    {
        try
        {
            if (IsMachine)
            {
                using var disk = PathDescriptor.Open(null, ChangesDisk, OpenFlags.Path);
                return (long)FileAt.Status(disk).Blocks * BlockBytes;
            }
            using var upper = PathDescriptor.Open(null, UpperDirectory, OpenFlags.ReadOnly | OpenFlags.Directory);
            return DirectorySize.Of(upper);
        }
        catch (SyscallException error) when (error.Errno == Errno.ENOENT) { return 0; }
    }
}

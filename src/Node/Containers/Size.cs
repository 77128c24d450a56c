using Yun.Linux;
using Yun.Node.Volumes;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>What it has written or changed over its image. 0 when it is being removed meanwhile.</summary>
    public long ChangedBytes()
    {
        try
        {
            using var upper = PathDescriptor.Open(null, UpperDirectory, OpenFlags.ReadOnly | OpenFlags.Directory);
            return DirectorySize.Of(upper);
        }
        catch (SyscallException error) when (error.Errno == Errno.ENOENT) { return 0; }
    }
}

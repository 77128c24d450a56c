using Yun.Archives;
using Yun.Linux;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>What it has changed over its image, by path.</summary>
    public async Task<IReadOnlyList<FileChange>> ChangesAsync(CancellationToken cancel = default)
    {
        if (IsMachine) return await MachineChangesAsync(cancel);
        using var upper = PathDescriptor.Open(null, UpperDirectory, OpenFlags.ReadOnly | OpenFlags.Directory);
        using var maps = await OpenMapsAsync(cancel);
        using var below = MountBelow(maps);
        return OverlayChanges.Of(upper, below);
    }
}

using Yun.Archives;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>Writes its own file system as a tar: what its image and its changes make together, without what is mounted in it.</summary>
    /// <param name="begin">Called when the container has been opened, with the stream to read; an error before it has left nothing written.</param>
    public async Task ExportAsync(Func<Stream, Task> begin, CancellationToken cancel = default)
    {
        if (IsMachine) await ExportMachineAsync(begin, cancel);
        else
        {
            using var root = await OpenRootAsync(withMounts: false, cancel);
            await using var tar = ArchiveWriter.Open(root.Directory, "", new ArchiveOptions { Name = "", CrossMounts = false, OwnerMap = UserNamespace?.Owners }, cancel);
            await begin(tar);
        }
        Publish("export");
    }
}

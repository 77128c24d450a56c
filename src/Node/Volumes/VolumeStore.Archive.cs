using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Volumes;

// Backup. What a container writes meanwhile may be in the archive or not; who wants one moment pauses it.
public sealed partial class VolumeStore
{
    /// <summary>The volume's content as a tar, with owners, modes, times, links, extended attributes and devices.</summary>
    public async Task SaveAsync(string name, Func<Stream, Task> take, CancellationToken cancel = default)
    {
        using var content = await OpenContentAsync(Find(name), cancel);
        await using var tar = ArchiveWriter.Open(content, "", new ArchiveOptions { Name = "", CrossMounts = false }, cancel);
        await take(tar);
    }

    /// <summary>Puts an archive's content into a volume, which is made if it is not there.</summary>
    /// <exception cref="EngineException">Conflict: something is in it already. Else what is wrong with the archive; a volume that was made for it is gone again then.</exception>
    public async Task LoadAsync(string name, Stream tar, CancellationToken cancel = default)
    {
        var isNew = TryFind(name) is null;
        var volume = await CreateAsync(name, null, null, null, cancel: cancel);
        try
        {
            using var content = await OpenContentAsync(volume, cancel);
            if (FileAt.Names(content).Count > 0) throw new EngineException(ErrorKind.Conflict, $"The volume {name} is not empty: load into another one, or remove it first.");
            try { await ArchiveExtractor.ExtractAsync(tar, content, new ExtractionOptions(), cancel); }
            catch (Exception)
            {
                // All or nothing: the next try shall not find half of this one.
                foreach (var entry in FileAt.Names(content)) TreeRemover.Remove(content, entry);
                throw;
            }
            OpenFile.SyncFileSystem(content);
        }
        catch (Exception) when (isNew)
        {
            await RemoveAsync(name, force: true, CancellationToken.None);
            throw;
        }
    }

    /// <summary>The top directory, whether or not a container has the volume mounted.</summary>
    private async Task<SafeFileHandle> OpenContentAsync(Volume volume, CancellationToken cancel)
    {
        if (VolumeDriverOptions.Parse(volume.Options) is not { } options) return PathDescriptor.Open(null, Mountpoint(volume.Name), OpenFlags.ReadOnly | OpenFlags.Directory);
        await _changes.WaitAsync(cancel);
        try
        {
            if (IsMounted(volume.Name)) return PathDescriptor.Open(null, Mountpoint(volume.Name), OpenFlags.ReadOnly | OpenFlags.Directory);
            using var mount = await options.MountAsync(Mountpoint(volume.Name), ImagePath(volume.Name), cancel);
            return PathDescriptor.Open(mount, ".", OpenFlags.ReadOnly | OpenFlags.Directory);
        }
        finally { _changes.Release(); }
    }
}

using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Volumes;

public sealed partial class VolumeStore
{
    /// <summary>An empty volume gets what the image has where it will be mounted, with the owner and mode of that directory. What is in a volume is never touched.</summary>
    internal async Task FillAsync(IEnumerable<ContainerMount> mounts, Func<SafeFileHandle> openImage, CancellationToken cancel)
    {
        SafeFileHandle? image = null;
        try
        {
            foreach (var mount in mounts)
            {
                if (mount is not { Kind: MountKind.Volume, NoCopy: false, Subpath: null, Name: { } name } || TryFind(name) is not { Options: null }) continue;
                // Two containers made at once must not both find it empty.
                await _changes.WaitAsync(cancel);
                try
                {
                    using var volume = PathDescriptor.Open(null, Mountpoint(name), OpenFlags.ReadOnly | OpenFlags.Directory);
                    if (FileAt.Names(volume).Count > 0) continue;
                    await FillAsync(volume, image ??= openImage(), mount.Destination, cancel);
                }
                finally { _changes.Release(); }
            }
        }
        finally { image?.Dispose(); }
    }

    private static async Task FillAsync(SafeFileHandle volume, SafeFileHandle image, string destination, CancellationToken cancel)
    {
        // Whatever links the image has on the way, they end inside it.
        var found = PathDescriptor.TryOpen(image, destination, OpenFlags.ReadOnly | OpenFlags.Directory, out var source, Resolve.InRoot | Resolve.NoMagicLinks);
        if (found == Errno.ENOTDIR) throw new EngineException(ErrorKind.InvalidArgument, $"cannot mount volume over existing file, file exists {destination}");
        if (found == Errno.ENOENT) return;
        if (source is null) throw new SyscallException("openat2", found, destination);
        using (source)
        {
            var pipe = new System.IO.Pipelines.Pipe();
            var reading = CopyOutAsync(source, pipe.Writer, cancel);
            try
            {
                await using var tar = pipe.Reader.AsStream();
                await ArchiveExtractor.ExtractAsync(tar, volume, new ExtractionOptions(), cancel);
            }
            finally { await reading; }
            var status = FileAt.Status(source);
            OpenFile.ChangeOwner(volume, status.UserId, status.GroupId);
            OpenFile.ChangeMode(volume, status.Mode);
        }
    }

    private static async Task CopyOutAsync(SafeFileHandle source, PipeWriter writer, CancellationToken cancel)
    {
        try
        {
            await ArchiveWriter.WriteAsync(source, "", writer.AsStream(leaveOpen: true), new ArchiveOptions { Name = "", CrossMounts = false }, cancel);
            await writer.CompleteAsync();
        }
        catch (Exception error)
        {
            // The reader is told by the same error, in the place where it is waited for.
            await writer.CompleteAsync(error);
        }
    }
}

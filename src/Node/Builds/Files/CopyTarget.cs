using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Archives;
using Yun.Node.Builds.Patterns;
using Yun.Protocol;

namespace Yun.Node.Builds.Files;

/// <summary>Where COPY, ADD and WORKDIR write: a file system of image layers below an empty upper directory.</summary>
/// <param name="owner">Who gets folders that have to be made, and files unless they keep their own.</param>
internal sealed class CopyTarget(SafeFileHandle root, (uint User, uint Group) owner, bool keepOwners, uint? mode)
{
    private const UnixFileMode FolderMode = (UnixFileMode)0b111_101_101;

    /// <param name="destination">Absolute; a slash at its end says that it is a folder.</param>
    public async Task PutAsync(CopySource source, string destination, CancellationToken cancel)
    {
        var found = RootedPath.Find(root, destination);
        var intoFolder = source.IsDirectory || destination.EndsWith('/') || found.Kind == PathKind.Directory;
        if (intoFolder && found.Kind == PathKind.Other) throw new EngineException(ErrorKind.InvalidArgument, $"cannot copy to non-directory: {destination}");

        var folder = intoFolder ? found.Path : found.Parent;
        await MakeFoldersAsync(folder, cancel);
        var options = new ExtractionOptions { Directory = folder, Owners = keepOwners, UserId = owner.User, GroupId = owner.Group, Mode = mode };
        await source.CopyToAsync(root, intoFolder ? source.Name : found.Name, options, cancel);
    }

    /// <summary>Unpacks an archive into a folder, with the owners and modes it says.</summary>
    public async Task UnpackAsync(Stream archive, string destination, CancellationToken cancel)
    {
        var found = RootedPath.Find(root, destination);
        if (found.Kind == PathKind.Other) throw new EngineException(ErrorKind.InvalidArgument, $"cannot copy to non-directory: {destination}");
        await MakeFoldersAsync(found.Path, cancel);
        await ArchiveExtractor.ExtractAsync(archive, root, new ExtractionOptions { Directory = found.Path }, cancel);
    }

    /// <summary>Makes the folder and those above it, where they are missing.</summary>
    public async Task MakeFolderAsync(string path, CancellationToken cancel)
    {
        var found = RootedPath.Find(root, path);
        if (found.Kind == PathKind.Other) throw new EngineException(ErrorKind.InvalidArgument, $"Cannot mkdir: {CleanPath.Of(path)} is not a directory");
        await MakeFoldersAsync(found.Path, cancel);
    }

    private async Task MakeFoldersAsync(string path, CancellationToken cancel)
    {
        var found = RootedPath.Find(root, path);
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (found.ExistingParts >= names.Length) return;
        using var tar = new MemoryStream();
        await using (var writer = new System.Formats.Tar.TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            for (var count = found.ExistingParts + 1; count <= names.Length; count++)
            {
                var folder = new PaxTarEntry(TarEntryType.Directory, string.Join('/', names[..count]) + "/") { Mode = FolderMode, Uid = (int)owner.User, Gid = (int)owner.Group };
                await writer.WriteEntryAsync(folder, cancel);
            }
        }
        tar.Position = 0;
        await ArchiveExtractor.ExtractAsync(tar, root, new ExtractionOptions(), cancel);
    }
}

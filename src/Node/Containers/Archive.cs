using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Linux;
using Yun.Node.Containers.Spec;
using Yun.Node.Paths;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>What stands at a path of a container.</summary>
/// <param name="LinkTarget">Where a symbolic link leads in the end, as a path of the container; empty for anything else.</param>
public sealed record PathStatus(string Name, FileKind Kind, uint Mode, long Size, DateTimeOffset ModifiedAt, string LinkTarget);

/// <summary>A path of a container, opened for <c>docker cp</c>. Disposing of it lets the container go.</summary>
public sealed class ContainerPath : IDisposable
{
    private readonly ContainerRoot _root;
    // The directory itself, or the one that holds the file.
    private readonly SafeFileHandle _directory;
    private readonly string _inside;

    private ContainerPath(ContainerRoot root, SafeFileHandle directory, string inside, PathStatus status) => (_root, _directory, _inside, Status) = (root, directory, inside, status);

    public PathStatus Status { get; }

    /// <summary>The file or directory as a tar whose first entry has the path's last name.</summary>
    public Stream OpenArchive(CancellationToken cancel) => ArchiveWriter.Open(_directory, _inside, new ArchiveOptions { Name = Status.Name == "/" ? "." : Status.Name }, cancel);

    public void Dispose()
    {
        _directory.Dispose();
        _root.Dispose();
    }

    /// <summary>
    /// Links on the way end in the container. One that stands at the end is meant itself, unless the path says by a slash or a dot that it means a directory (moby,
    /// container.ResolvePath).
    /// </summary>
    internal static ContainerPath Open(ContainerRoot root, string path)
    {
        var clean = CleanPath.Of("/" + path);
        var name = path.EndsWith("/.", StringComparison.Ordinal) || path == "." ? "." : clean == "/" ? "/" : clean[(clean.LastIndexOf('/') + 1)..];
        if (clean == "/" || CleanPath.EndsAsFolder(path)) return Folder(root, clean, name);
        var parent = Directory(root, clean[..(clean.LastIndexOf('/') + 1)]);
        try
        {
            var status = FileAt.Status(parent, name);
            var shown = Show(name, status, status.Kind == FileKind.SymbolicLink ? "/" + RootedPath.Find(root.Directory, clean).Path : "");
            if (status.Kind != FileKind.Directory) return new ContainerPath(root, parent, name, shown);
            var directory = FileAt.Open(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory);
            parent.Dispose();
            return new ContainerPath(root, directory, "", shown);
        }
        catch
        {
            parent.Dispose();
            throw;
        }
    }

    internal static SafeFileHandle Directory(ContainerRoot root, string path) =>
        PathDescriptor.Open(root.Directory, path, OpenFlags.ReadOnly | OpenFlags.Directory, Resolve.InRoot | Resolve.NoMagicLinks);

    private static ContainerPath Folder(ContainerRoot root, string path, string name)
    {
        var directory = Directory(root, path);
        return new ContainerPath(root, directory, "", Show(name, FileAt.Status(directory), ""));
    }

    private static PathStatus Show(string name, FileStatus status, string linkTarget) => new(name, status.Kind, status.Mode, status.Size, status.Modified.ToDateTimeOffset(), linkTarget);
}

public sealed partial class Container
{
    /// <exception cref="EngineException">404: nothing is there.</exception>
    public async Task<ContainerPath> OpenPathAsync(string path, CancellationToken cancel = default)
    {
        var root = await OpenRootAsync(withMounts: true, cancel);
        try { return ContainerPath.Open(root, path); }
        catch (Exception error)
        {
            root.Dispose();
            if (error is SyscallException { Errno: Errno.ENOENT or Errno.ENOTDIR }) throw Missing(path, error);
            throw;
        }
    }

    /// <summary>Unpacks a tar, plain or compressed, into a directory of the container.</summary>
    /// <param name="keepKinds">Do not replace a directory by a file, nor a file by a directory.</param>
    /// <param name="ownByUser">What is unpacked belongs to the container's user, whoever owned it where it came from.</param>
    /// <exception cref="EngineException">404: there is no such directory. 400: it is a file, or the archive is damaged. 403: it is read-only.</exception>
    public async Task ExtractAsync(string path, Stream tar, bool keepKinds, bool ownByUser, CancellationToken cancel = default)
    {
        using var root = await OpenRootAsync(withMounts: true, cancel);
        var clean = CleanPath.Of("/" + path);
        try
        {
            using (var directory = ContainerPath.Directory(root, clean))
            {
                // Asked of the directory before anything is unpacked, so that nothing is half there.
                if (FileAt.IsReadOnly(directory)) throw new EngineException(ErrorKind.Forbidden, FileAt.Status(directory).MountId == FileAt.Status(root.Directory).MountId ? "container rootfs is marked read-only" : "mounted volume is marked read-only");
            }
            var user = ownByUser && Config.User is { Length: > 0 } ? UserLookup.Find(root.Directory, Config.User, null) : null;
            await ArchiveExtractor.ExtractAsync(tar, root.Directory, new ExtractionOptions { Directory = clean[1..], KeepKinds = keepKinds, Owners = user is null, UserId = user?.Uid ?? 0, GroupId = user?.Gid ?? 0 }, cancel);
        }
        catch (SyscallException error) when (error.Errno == Errno.ENOENT) { throw Missing(path, error); }
        catch (SyscallException error) when (error.Errno == Errno.ENOTDIR) { throw new EngineException(ErrorKind.InvalidArgument, "extraction point is not a directory", error); }
        Publish("extract-to-dir");
    }

    private EngineException Missing(string path, Exception cause) => new(ErrorKind.NotFound, $"Could not find the file {path} in container {Id}", cause);
}

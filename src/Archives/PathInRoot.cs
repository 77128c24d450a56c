using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Archives;

/// <summary>A path of a root that somebody else fills, opened as <c>docker cp</c> means it: links on the way end in the root.</summary>
public sealed class PathInRoot : IDisposable
{
    // The directory itself, or the one that holds the file.
    private readonly SafeFileHandle _directory;
    private readonly string _inside;

    private PathInRoot(SafeFileHandle directory, string inside, PathStatus status) => (_directory, _inside, Status) = (directory, inside, status);

    public PathStatus Status { get; }

    /// <summary>
    /// A link at the path's end is meant itself, unless the path says by a slash or a dot that it means a directory (moby, container.ResolvePath).
    /// </summary>
    /// <exception cref="EngineException">NotFound: nothing is there.</exception>
    public static PathInRoot Open(SafeFileHandle root, string path)
    {
        var clean = CleanPath.Of("/" + path);
        var name = path.EndsWith("/.", StringComparison.Ordinal) || path == "." ? "." : clean == "/" ? "/" : clean[(clean.LastIndexOf('/') + 1)..];
        try
        {
            if (clean == "/" || CleanPath.EndsAsFolder(path)) return Folder(root, clean, name);
            var parent = Directory(root, clean[..(clean.LastIndexOf('/') + 1)]);
            try
            {
                var status = FileAt.Status(parent, name);
                var shown = PathStatus.Of(name, status, status.Kind == FileKind.SymbolicLink ? "/" + RootedPath.Find(root, clean).Path : "");
                if (status.Kind != FileKind.Directory) return new PathInRoot(parent, name, shown);
                var directory = FileAt.Open(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory);
                parent.Dispose();
                return new PathInRoot(directory, "", shown);
            }
            catch
            {
                parent.Dispose();
                throw;
            }
        }
        catch (SyscallException error) when (error.Errno == Errno.ENOTDIR && CleanPath.EndsAsFolder(path)) { throw new EngineException(ErrorKind.InvalidArgument, $"{path}: not a directory", error); }
        catch (SyscallException error) when (error.Errno is Errno.ENOENT or Errno.ENOTDIR) { throw Missing(path, error); }
    }

    /// <summary>Asked of a directory before anything is unpacked into it, so that nothing is half there.</summary>
    /// <exception cref="EngineException">NotFound: nothing is there. InvalidArgument: it is a file. Forbidden: it is read-only.</exception>
    public static void RequireWritableDirectory(SafeFileHandle root, string path)
    {
        try
        {
            using var directory = Directory(root, CleanPath.Of("/" + path));
            if (!FileAt.IsReadOnly(directory)) return;
            throw new EngineException(ErrorKind.Forbidden, FileAt.Status(directory).MountId == FileAt.Status(root).MountId ? "container rootfs is marked read-only" : "mounted volume is marked read-only");
        }
        catch (SyscallException error) when (error.Errno == Errno.ENOENT) { throw Missing(path, error); }
        catch (SyscallException error) when (error.Errno == Errno.ENOTDIR) { throw new EngineException(ErrorKind.InvalidArgument, "extraction point is not a directory", error); }
    }

    /// <summary>The file or directory as a tar whose first entry has the path's last name.</summary>
    public Stream OpenArchive(OwnerMap? owners, CancellationToken cancel) => ArchiveWriter.Open(_directory, _inside, Options with { OwnerMap = owners }, cancel);

    /// <summary>The same, written by the calling thread.</summary>
    internal void WriteArchive(TarWriter tar)
    {
        new ArchiveWriter(tar, Options, null, CancellationToken.None).Write(_directory, _inside);
        tar.Finish();
    }

    public void Dispose() => _directory.Dispose();

    private ArchiveOptions Options => new() { Name = Status.Name == "/" ? "." : Status.Name };

    private static PathInRoot Folder(SafeFileHandle root, string path, string name)
    {
        var directory = Directory(root, path);
        return new PathInRoot(directory, "", PathStatus.Of(name, FileAt.Status(directory), ""));
    }

    private static SafeFileHandle Directory(SafeFileHandle root, string path) => PathDescriptor.Open(root, path, OpenFlags.ReadOnly | OpenFlags.Directory, Resolve.InRoot | Resolve.NoMagicLinks);

    private static EngineException Missing(string path, SyscallException cause) => new(ErrorKind.NotFound, $"Could not find the file {path}", cause);
}

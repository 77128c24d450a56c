using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Archives.Paths;

public enum PathKind { Missing, Directory, Link, Other }

/// <summary>
/// A path looked up inside a tree that somebody else filled: every link is followed as if the tree were <c>/</c>, so nothing outside is ever named.
/// Nobody may change the tree meanwhile; each look-up goes through a descriptor of the tree's root and refuses links the kernel would follow.
/// </summary>
/// <param name="Path">From the root, without links and without a slash at its beginning; empty for the root itself.</param>
/// <param name="Kind">What is there; never <see cref="PathKind.Link"/>.</param>
/// <param name="ExistingParts">How many of the path's names exist.</param>
public sealed record RootedPath(string Path, PathKind Kind, int ExistingParts)
{
    private const int LinksMax = 255;

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public string Parent => Path.LastIndexOf('/') is > 0 and var slash ? Path[..slash] : "";

    /// <exception cref="EngineException">Too many links, or a file stands where a folder must be.</exception>
    public static RootedPath Find(SafeFileHandle root, string path)
    {
        var left = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var done = new List<string>();
        var (kind, existing, links) = (PathKind.Directory, 0, 0);
        while (left.TryPop(out var name))
        {
            if (name == ".") continue;
            if (name == "..")
            {
                if (done.Count > 0) done.RemoveAt(done.Count - 1);
                existing = Math.Min(existing, done.Count);
                if (existing == done.Count) kind = PathKind.Directory;
                continue;
            }
            if (kind == PathKind.Other) throw new EngineException(ErrorKind.InvalidArgument, $"{path}: /{string.Join('/', done)} is not a directory");
            string? target = null;
            if (kind == PathKind.Directory) (kind, target) = LookUp(root, string.Join('/', done), name);
            if (kind == PathKind.Link)
            {
                if (++links > LinksMax) throw new EngineException(ErrorKind.InvalidArgument, $"{path}: too many levels of symbolic links");
                if (target!.StartsWith('/')) done.Clear();
                existing = done.Count;
                kind = PathKind.Directory;
                foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse()) left.Push(part);
                continue;
            }
            done.Add(name);
            if (kind != PathKind.Missing) existing = done.Count;
        }
        return new RootedPath(string.Join('/', done), kind, existing);
    }

    /// <summary>Names and kinds in a folder that <see cref="Find"/> found, in the order of names.</summary>
    public static IReadOnlyList<(string Name, PathKind Kind)> List(SafeFileHandle root, string folder)
    {
        using var opened = OpenFolder(root, folder);
        return [.. new DirectoryInfo(Through(opened, "")).EnumerateFileSystemInfos("*", s_all).Select(f => (f.Name, KindOf(f))).OrderBy(f => f.Name, StringComparer.Ordinal)];
    }

    /// <summary>A folder that <see cref="Find"/> found; a link in its place is refused.</summary>
    public static SafeFileHandle OpenFolder(SafeFileHandle root, string folder) =>
        PathDescriptor.Open(root, folder.Length == 0 ? "." : folder, OpenFlags.Directory | OpenFlags.NoFollow, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks);

    /// <summary>A file that <see cref="Find"/> found, to be read.</summary>
    public static FileStream OpenFile(SafeFileHandle root, string path) =>
        new(PathDescriptor.Open(root, path, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks), FileAccess.Read);

    /// <summary>Removes a folder or a file if it is empty and no link stands in the way.</summary>
    public static bool RemoveIfEmpty(SafeFileHandle root, string path)
    {
        var slash = path.LastIndexOf('/');
        try
        {
            using var parent = OpenFolder(root, slash < 0 ? "" : path[..slash]);
            var name = path[(slash + 1)..];
            return FileAt.TryStatus(parent, name, out var status) == Errno.None && (status.Kind == FileKind.Directory || status is { Kind: FileKind.Regular, Size: 0 })
                && FileAt.TryRemove(parent, name, status.Kind == FileKind.Directory) == Errno.None;
        }
        catch (SyscallException)
        {
            return false;
        }
    }

    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = false, RecurseSubdirectories = false };

    private static (PathKind Kind, string? Target) LookUp(SafeFileHandle root, string folder, string name)
    {
        using var opened = OpenFolder(root, folder);
        var file = new FileInfo(Through(opened, name));
        var kind = KindOf(file);
        return (kind, kind == PathKind.Link ? file.LinkTarget : null);
    }

    private static PathKind KindOf(FileSystemInfo file) =>
        file.LinkTarget is not null ? PathKind.Link
        : (int)file.Attributes == -1 ? PathKind.Missing
        : file.Attributes.HasFlag(FileAttributes.Directory) ? PathKind.Directory
        : PathKind.Other;

    // The last name is not followed by what is done with it here; everything before it is the descriptor itself.
    private static string Through(SafeFileHandle folder, string name) => $"/proc/self/fd/{folder.DangerousGetHandle()}/{name}";
}

using Microsoft.Win32.SafeHandles;
using Yun.BuildKit.Protos;
using Yun.Linux;
using Yun.Node.Builds.Patterns;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>
/// Writes a received folder to disk, without what is ignored. Each entry is made by one name in a directory that was reached from the root without links,
/// and only where nothing is yet, so nothing that a client sends leads anywhere else. All belongs to root: whose it is on the client's side says nothing here.
/// </summary>
internal sealed class ReceivedFolder(SafeFileHandle root, IgnoreList ignored, long bytesMax) : IReceivedFiles, IDisposable
{
    private const uint NewFileMode = 0x180, NewFolderMode = 0x1C0;

    private readonly Dictionary<uint, Stat> _wanted = [];
    private readonly Dictionary<uint, SafeFileHandle> _open = [];
    private readonly Dictionary<string, Stat> _heldBack = [];
    private readonly List<Stat> _folders = [], _links = [];
    private readonly HashSet<string> _files = [];
    private (string Path, SafeFileHandle Handle)? _parent;

    /// <summary>The files' bytes so far.</summary>
    public long Bytes { get; private set; }

    public bool Add(uint id, Stat stat)
    {
        Check(stat.Path);
        var kind = GoFileMode.KindOf(stat.Mode);
        if (ignored.IsIgnored(stat.Path))
        {
            // It may still hold what a later line takes back.
            if (kind == FileKind.Directory && ignored.TakesBack) _heldBack[stat.Path] = stat;
            return false;
        }
        MakeHeldBack(stat.Path);
        switch (kind)
        {
            case FileKind.Directory:
                MakeFolder(stat);
                return false;
            case FileKind.SymbolicLink:
                Done(FileAt.TrySymbolicLink(stat.Linkname, ParentOf(stat.Path), NameOf(stat.Path)), stat.Path);
                return false;
            case FileKind.Regular when stat.Linkname.Length > 0 && _files.Contains(stat.Linkname):
                _links.Add(stat);
                return false;
            case FileKind.Regular:
                _files.Add(stat.Path);
                _wanted.Add(id, stat);
                return true;
            case FileKind.Fifo:
                Done(FileAt.TryMakeNode(ParentOf(stat.Path), NameOf(stat.Path), FileKind.Fifo, GoFileMode.PermissionsOf(stat.Mode)), stat.Path);
                return false;
            case FileKind.Socket:
                return false;
            default:
                throw new EngineException(ErrorKind.InvalidArgument, $"{stat.Path} in the build context is a device: leave it out with a .dockerignore");
        }
    }

    public void Write(uint id, ReadOnlySpan<byte> content)
    {
        Bytes += content.Length;
        if (Bytes > bytesMax) throw new EngineException(ErrorKind.InvalidArgument, $"the build context is larger than {bytesMax} bytes, which is what the disk has room for");
        OpenFile.Write(FileOf(id), content);
    }

    public void End(uint id)
    {
        var file = FileOf(id);
        var stat = _wanted[id];
        OpenFile.ChangeMode(file, GoFileMode.PermissionsOf(stat.Mode));
        OpenFile.ChangeTimes(file, TimeOf(stat), TimeOf(stat));
        file.Dispose();
        _open.Remove(id);
        _wanted.Remove(id);
    }

    public void Finish()
    {
        foreach (var link in _links)
        {
            using var target = PathDescriptor.Open(root, FolderOf(link.Linkname), OpenFlags.Directory | OpenFlags.NoFollow, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks);
            Done(FileAt.TryHardLink(target, NameOf(link.Linkname), ParentOf(link.Path), NameOf(link.Path)), link.Path);
        }
        // The innermost first: what is made in a folder changes its time.
        foreach (var folder in Enumerable.Reverse(_folders))
        {
            FileAt.ChangeMode(ParentOf(folder.Path), NameOf(folder.Path), GoFileMode.PermissionsOf(folder.Mode));
            FileAt.ChangeTimes(ParentOf(folder.Path), NameOf(folder.Path), TimeOf(folder), TimeOf(folder));
        }
    }

    public void Dispose()
    {
        foreach (var file in _open.Values) file.Dispose();
        _parent?.Handle.Dispose();
    }

    private SafeFileHandle FileOf(uint id)
    {
        if (_open.TryGetValue(id, out var open)) return open;
        if (!_wanted.TryGetValue(id, out var stat)) throw new EngineException(ErrorKind.InvalidArgument, $"the client sent a file that was not asked for (number {id})");
        Done(FileAt.TryOpen(ParentOf(stat.Path), NameOf(stat.Path), OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out var made, NewFileMode), stat.Path);
        return _open[id] = made!;
    }

    private void MakeHeldBack(string path)
    {
        if (_heldBack.Count == 0) return;
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
            if (_heldBack.Remove(path[..slash], out var folder)) MakeFolder(folder);
    }

    private void MakeFolder(Stat stat)
    {
        Done(FileAt.TryMakeDirectory(ParentOf(stat.Path), NameOf(stat.Path), NewFolderMode), stat.Path);
        _folders.Add(stat);
    }

    private SafeFileHandle ParentOf(string path)
    {
        var folder = FolderOf(path);
        if (_parent is { } known)
        {
            if (known.Path == folder) return known.Handle;
            known.Handle.Dispose();
            _parent = null;
        }
        _parent = (folder, PathDescriptor.Open(root, folder, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks));
        return _parent.Value.Handle;
    }

    private static void Check(string path)
    {
        if (path.Split('/').Any(part => part is "" or "." or "..") || path.Contains('\0')) throw new EngineException(ErrorKind.InvalidArgument, $"the client sent the path '{path}', which is none inside a folder");
    }

    private static void Done(Errno errno, string path)
    {
        if (errno != Errno.None) throw new EngineException(errno == Errno.EEXIST ? ErrorKind.InvalidArgument : ErrorKind.Internal, $"cannot write {path} of the build context: {errno.Describe()}");
    }

    private static string FolderOf(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : ".";

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static FileTime TimeOf(Stat stat)
    {
        const long nanoseconds = 1_000_000_000;
        var (seconds, rest) = Math.DivRem(stat.ModTime, nanoseconds);
        return rest < 0 ? new FileTime(seconds - 1, (uint)(rest + nanoseconds)) : new FileTime(seconds, (uint)rest);
    }
}

using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Archives;

/// <summary>
/// Unpacks one archive. Each entry is made by one name inside an open directory, never by a path, with calls that do not follow a link under that name; the directory
/// was opened so that its path stays under the root. So no order of links, hard links and replaced directories leads a later entry out.
/// </summary>
internal sealed partial class Extraction : IDisposable
{
    private const uint NewFileMode = 0x180;
    // What these hold would steer overlayfs itself: a layer could claim to be opaque, moved or without data.
    private static readonly string[] s_overlayAttributes = ["trusted.overlay.", "user.overlay."];

    private readonly ExtractionOptions _options;
    private readonly IArchiveObserver? _observer;
    private readonly DirectoryCache _directories;
    private readonly Dictionary<string, FileTime> _directoryTimes = [];
    private long _entries, _bytes;

    public Extraction(SafeFileHandle root, ExtractionOptions options, IArchiveObserver? observer = null)
    {
        (_options, _observer) = (options, observer);
        _directories = new DirectoryCache(root, options.Directory, MadeImplied, options.OwnerMap);
    }

    /// <summary>Directories that no entry described: they came into being because something is in them.</summary>
    public HashSet<string> Implied { get; } = [];

    public ExtractionResult Run(TarReader tar, CancellationToken cancel)
    {
        var shown = "";
        try
        {
            while (tar.Next() is { } entry)
            {
                cancel.ThrowIfCancellationRequested();
                shown = entry.Name;
                Count(entry);
                Extract(entry, tar);
                shown = "";
            }
            // What may stand behind the archive's end is none of its entries, and still part of its digest.
            tar.Drain();
            ApplyDirectoryTimes();
            return new ExtractionResult(_entries, _bytes);
        }
        catch (TarException damaged)
        {
            throw new EngineException(ErrorKind.InvalidArgument, shown.Length == 0 ? $"The archive is refused: {damaged.Message}." : $"The archive's entry '{shown}' is refused: {damaged.Message}.", damaged);
        }
        catch (SyscallException failed) when (failed.Errno is Errno.ENAMETOOLONG)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"The archive's entry '{shown}' is refused: its name is too long.", failed);
        }
        catch (SyscallException failed)
        {
            throw new EngineException(ErrorKind.Internal, $"Cannot unpack '{shown}': {failed.Errno.Describe()}.", failed);
        }
    }

    public void Dispose() => _directories.Dispose();

    private void Count(TarEntry entry)
    {
        if (++_entries > _options.EntriesMax) throw new TarException($"there are more than {_options.EntriesMax} entries");
        _bytes = entry.Size > long.MaxValue - _bytes ? long.MaxValue : _bytes + entry.Size;
        if (_bytes > _options.BytesMax) throw new TarException($"the files have more than {_options.BytesMax} bytes together");
    }

    private void Extract(TarEntry entry, TarReader tar)
    {
        var path = EntryPath.Plain(entry.Name);
        if (path.Length == 0)
        {
            if (entry.Kind != FileKind.Directory) throw new TarException("it would replace the root directory");
            Implied.Remove("");
            Describe(_directories.Open(""), "", entry);
            return;
        }
        var (parentPath, name) = EntryPath.Split(path);
        if (_options.Whiteouts && Whiteout(parentPath, name)) return;
        var parent = _directories.Open(parentPath);
        if (entry.IsHardLink) HardLink(entry, path, parentPath, parent, name);
        else if (entry.Kind == FileKind.Directory) Directory(entry, path, parent, name);
        else if (entry.Kind == FileKind.Regular) File(entry, tar, parent, name);
        else if (entry.Kind == FileKind.SymbolicLink) SymbolicLink(entry, parent, name);
        else Node(entry, parent, name);
    }

    private void Directory(TarEntry entry, string path, SafeFileHandle parent, string name)
    {
        var wasWhiteout = false;
        while (TryMakeDirectory(parent, name) is not Errno.None and var errno)
        {
            if (errno != Errno.EEXIST) throw new SyscallException("mkdirat", errno, name);
            var status = FileAt.Status(parent, name);
            if (status.Kind == FileKind.Directory) break;
            if (_options.KeepKinds) throw new TarException("it cannot overwrite a file with a directory");
            wasWhiteout |= _options.Whiteouts && status.IsWhiteout;
            parent = Remove(path, parent, name);
        }
        var made = FileAt.Open(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory);
        _directories.Keep(path, made);
        Implied.Remove(path);
        if (wasWhiteout) MakeOpaque(made);
        Describe(made, path, entry);
    }

    private void File(TarEntry entry, TarReader tar, SafeFileHandle parent, string name)
    {
        SafeFileHandle? opened;
        while (TryMakeFile(parent, name, out opened) is not Errno.None and var errno)
        {
            if (errno != Errno.EEXIST) throw new SyscallException("openat", errno, name);
            parent = Replace(entry, parent, name);
        }
        using var file = opened!;
        if (entry.Sparse is { } parts) WriteSparse(file, parts, entry.Size, tar);
        else
        {
            if (entry.Size > 0) _observer?.BeginFile(file, parent, name, entry.Size);
            for (var part = tar.ReadContent(); !part.IsEmpty; part = tar.ReadContent()) OpenFile.Write(file, part);
            _observer?.EndFile();
            if (entry.Size >= 1 << 20) OpenFile.StartWriting(file);
        }
        // chown takes set-id bits and capabilities away, so it comes first.
        OpenFile.ChangeOwner(file, UserOf(entry), GroupOf(entry));
        OpenFile.ChangeMode(file, _options.Mode ?? entry.Mode);
        foreach (var (attribute, value) in entry.Attributes)
            if (IsWanted(attribute)) Ignore(ExtendedAttributes.TrySet(file, attribute, value), name);
        OpenFile.ChangeTimes(file, entry.Accessed ?? entry.Modified, entry.Modified);
    }

    private static void WriteSparse(SafeFileHandle file, IReadOnlyList<SparsePart> parts, long size, TarReader tar)
    {
        var index = 0;
        long done = 0;
        for (var bytes = tar.ReadContent(); !bytes.IsEmpty; bytes = tar.ReadContent())
        {
            while (!bytes.IsEmpty)
            {
                if (done == 0) OpenFile.Seek(file, parts[index].Offset);
                var length = (int)Math.Min(bytes.Length, parts[index].Length - done);
                OpenFile.Write(file, bytes[..length]);
                bytes = bytes[length..];
                done += length;
                if (done == parts[index].Length) (index, done) = (index + 1, 0);
            }
        }
        OpenFile.SetLength(file, size);
    }

    private void SymbolicLink(TarEntry entry, SafeFileHandle parent, string name)
    {
        if (entry.LinkTarget.Length == 0) throw new TarException("it is a symbolic link to nothing");
        while (TrySymbolicLink(entry.LinkTarget, parent, name) is not Errno.None and var errno)
        {
            if (errno != Errno.EEXIST) throw new SyscallException("symlinkat", errno, name);
            parent = Replace(entry, parent, name);
        }
        DescribeName(parent, name, entry);
    }

    /// <summary>A hard link is another name of an inode that has its owner and mode already: the entry's own are not applied, whatever it is linked to.</summary>
    private void HardLink(TarEntry entry, string path, string parentPath, SafeFileHandle parent, string name)
    {
        var target = EntryPath.Plain(entry.LinkTarget);
        if (target.Length == 0 || target == path) throw new TarException("it is a hard link to itself");
        var (targetParentPath, targetName) = EntryPath.Split(target);
        var targetParent = _directories.Open(targetParentPath);
        // Opening the second may have closed the first.
        parent = _directories.Open(parentPath);
        while (TryHardLink(targetParent, targetName, parent, name) is not Errno.None and var errno)
        {
            if (errno == Errno.ENOENT) throw new TarException($"it is a hard link to '{entry.LinkTarget}', which is not in the archive");
            if (errno == Errno.EPERM) throw new TarException($"it is a hard link to '{entry.LinkTarget}', which is a directory");
            if (errno != Errno.EEXIST) throw new SyscallException("linkat", errno, name);
            if (IsSameFile(targetParent, targetName, parent, name)) return;
            Replace(entry, parent, name);
            targetParent = _directories.Open(targetParentPath);
            parent = _directories.Open(parentPath);
        }
    }

    private void Node(TarEntry entry, SafeFileHandle parent, string name)
    {
        if (!_options.Devices && entry.Kind != FileKind.Fifo) throw new TarException("device nodes are not allowed here");
        while (TryMakeNode(entry, parent, name) is not Errno.None and var errno)
        {
            if (errno != Errno.EEXIST) throw new SyscallException("mknodat", errno, name);
            parent = Replace(entry, parent, name);
        }
        DescribeName(parent, name, entry);
        FileAt.ChangeMode(parent, name, entry.Mode);
        FileAt.ChangeTimes(parent, name, entry.Accessed ?? entry.Modified, entry.Modified);
    }

    private void DescribeName(SafeFileHandle parent, string name, TarEntry entry)
    {
        FileAt.ChangeOwner(parent, name, UserOf(entry), GroupOf(entry));
        foreach (var (attribute, value) in entry.Attributes)
            if (IsWanted(attribute)) Ignore(ExtendedAttributes.TrySet(parent, name, attribute, value), name);
        if (entry.Kind == FileKind.SymbolicLink) FileAt.ChangeTimes(parent, name, entry.Accessed ?? entry.Modified, entry.Modified);
    }

    private void Describe(SafeFileHandle directory, string path, TarEntry entry)
    {
        OpenFile.ChangeOwner(directory, UserOf(entry), GroupOf(entry));
        OpenFile.ChangeMode(directory, _options.Mode ?? entry.Mode);
        foreach (var (attribute, value) in entry.Attributes)
            if (IsWanted(attribute)) Ignore(ExtendedAttributes.TrySet(directory, attribute, value), path);
        _directoryTimes[path] = entry.Modified;
    }

    /// <summary>A directory's time changes with each name made in it, so the archive's comes last.</summary>
    private void ApplyDirectoryTimes()
    {
        foreach (var (path, time) in _directoryTimes)
        {
            try { OpenFile.ChangeTimes(_directories.Open(path), time, time); }
            catch (TarException) { /* It was replaced by something else later in the archive. */ }
        }
    }

    private uint UserOf(TarEntry entry) => OnDisk(_options.Owners ? entry.UserId : _options.UserId);

    private uint GroupOf(TarEntry entry) => GroupOnDisk(_options.Owners ? entry.GroupId : _options.GroupId);

    private uint OnDisk(uint user) => _options.OwnerMap?.UserOutside(user) ?? user;

    private uint GroupOnDisk(uint group) => _options.OwnerMap?.GroupOutside(group) ?? group;

    private void MadeImplied(string path, SafeFileHandle directory)
    {
        Implied.Add(path);
        if (!_options.Owners || _options.OwnerMap is not null) OpenFile.ChangeOwner(directory, OnDisk(_options.Owners ? 0 : _options.UserId), GroupOnDisk(_options.Owners ? 0 : _options.GroupId));
    }

    /// <summary>Takes away what stands where the entry goes. Gives the parent again, since its descriptor may have been closed.</summary>
    private SafeFileHandle Replace(TarEntry entry, SafeFileHandle parent, string name)
    {
        var path = EntryPath.Plain(entry.Name);
        if (_options.KeepKinds && FileAt.Status(parent, name).Kind == FileKind.Directory) throw new TarException("it cannot overwrite a directory with a file");
        return Remove(path, parent, name);
    }

    private SafeFileHandle Remove(string path, SafeFileHandle parent, string name)
    {
        _observer?.Replacing(parent, name);
        var kind = FileAt.TryStatus(parent, name, out var status) == Errno.None ? status.Kind : FileKind.Regular;
        TreeRemover.Remove(parent, name);
        // Only a directory or a link can have been on the way to an open directory.
        if (kind is not (FileKind.Directory or FileKind.SymbolicLink)) return parent;
        _directories.Forget();
        return _directories.Open(EntryPath.Split(path).Parent);
    }

    private static bool IsSameFile(SafeFileHandle oneDirectory, string one, SafeFileHandle otherDirectory, string other)
    {
        var (a, b) = (FileAt.Status(oneDirectory, one), FileAt.Status(otherDirectory, other));
        return a.Inode == b.Inode && a.FileSystem == b.FileSystem;
    }

    internal static bool IsWanted(string attribute) => !s_overlayAttributes.Any(prefix => attribute.StartsWith(prefix, StringComparison.Ordinal));

    // A file system without attributes, or a label that this machine's policy keeps to itself, is no reason to refuse an image; Docker goes on as well.
    private static void Ignore(Errno errno, string name)
    {
        if (errno is not (Errno.None or Errno.EOPNOTSUPP or Errno.EPERM)) throw new SyscallException("setxattr", errno, name);
    }
}

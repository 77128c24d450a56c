using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Archives;

/// <summary>
/// Opens directories by their path under a root, so that no link and no <c>..</c> leads out of it (openat2 with RESOLVE_IN_ROOT), and keeps the last ones open:
/// an archive's entries mostly come directory by directory. Missing ones are made.
/// </summary>
internal sealed class DirectoryCache(SafeFileHandle root, string basePath, Action<string, SafeFileHandle> made, OwnerMap? owners = null) : IDisposable
{
    private const int OpenMax = 64;
    private readonly Dictionary<string, LinkedListNode<(string Path, SafeFileHandle Handle)>> _byPath = [];
    private readonly LinkedList<(string Path, SafeFileHandle Handle)> _lastUsedFirst = [];

    /// <summary>Good until the next call: the caller does not dispose of it.</summary>
    public SafeFileHandle Open(string path)
    {
        if (_byPath.TryGetValue(path, out var known))
        {
            _lastUsedFirst.Remove(known);
            _lastUsedFirst.AddFirst(known);
            return known.Value.Handle;
        }
        var handle = OpenOrMake(path);
        Keep(path, handle);
        return handle;
    }

    /// <summary>Gives the cache a directory that the caller has just made and opened.</summary>
    public void Keep(string path, SafeFileHandle handle)
    {
        if (_byPath.Remove(path, out var old))
        {
            _lastUsedFirst.Remove(old);
            old.Value.Handle.Dispose();
        }
        if (_byPath.Count == OpenMax)
        {
            var last = _lastUsedFirst.Last!.Value;
            _lastUsedFirst.RemoveLast();
            _byPath.Remove(last.Path);
            last.Handle.Dispose();
        }
        _byPath[path] = _lastUsedFirst.AddFirst((path, handle));
    }

    /// <summary>A directory or link was removed or replaced, so a path may now mean another directory.</summary>
    public void Forget()
    {
        foreach (var (_, handle) in _lastUsedFirst) handle.Dispose();
        _lastUsedFirst.Clear();
        _byPath.Clear();
    }

    public void Dispose() => Forget();

    private SafeFileHandle OpenOrMake(string path)
    {
        var errno = TryOpen(path, out var handle);
        if (errno == Errno.ENOENT && path.Length > 0)
        {
            var (parentPath, name) = EntryPath.Split(path);
            var parent = Open(parentPath);
            // A parent's mode is not in the archive; 0755 is what Docker gives it.
            if (TryMake(parent, name) is not Errno.None and var failed) throw Failure(path, failed == Errno.EEXIST ? Errno.ENOENT : failed);
            handle = FileAt.Open(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory);
            OpenFile.ChangeMode(handle, 0x1ED);
            made(path, handle);
            return handle;
        }
        return errno == Errno.None ? handle! : throw Failure(path, errno);
    }

    private Errno TryMake(SafeFileHandle parent, string name)
    {
        using var maker = OwnerMap.Maker(owners);
        return FileAt.TryMakeDirectory(parent, name, 0x1ED);
    }

    private Errno TryOpen(string path, out SafeFileHandle? handle)
    {
        var whole = EntryPath.Join(basePath.Trim('/'), path);
        return PathDescriptor.TryOpen(root, whole.Length == 0 ? "." : whole, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NonBlocking, out handle,
            Resolve.InRoot | Resolve.NoMagicLinks);
    }

    private static TarException Failure(string path, Errno errno) => errno switch
    {
        Errno.ENOTDIR => new TarException($"'{path}' is no directory"),
        Errno.ENOENT => new TarException($"'{path}' is a link that leads nowhere"),
        Errno.ELOOP => new TarException($"'{path}' leads in a circle"),
        _ => throw new SyscallException("openat2", errno, path),
    };
}

using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Images.Layers;

internal sealed partial class LayerStore
{
    /// <summary>Shown by a link and not on the disk yet; changed while committing.</summary>
    private readonly Dictionary<Digest, Unsettled> _unsettled = [];

    private sealed record Unsettled(string Made, string Path);

    public bool IsSettled
    {
        get { lock (_committing) return _unsettled.Count == 0; }
    }

    /// <summary>Brings to the disk what was committed without that, with these files, and then puts it in the links' places.</summary>
    /// <returns>How to do the second part: the caller may have renames of its own that the same sync serves.</returns>
    public Action Settle(IReadOnlyList<SafeFileHandle> files)
    {
        List<KeyValuePair<Digest, Unsettled>> all;
        var directories = new List<SafeFileHandle>();
        try
        {
            lock (_committing)
            {
                all = [.. _unsettled];
                foreach (var (_, layer) in all) directories.Add(PathDescriptor.Open(null, layer.Made, OpenFlags.ReadOnly | OpenFlags.Directory));
            }
            LayerSync.Sync(directories, files);
        }
        finally
        {
            foreach (var directory in directories) directory.Dispose();
        }
        return () => Place(all);
    }

    /// <summary>Forgets what is not on the disk: it could not be brought there.</summary>
    public void DropUnsettled()
    {
        Digest[] all;
        lock (_committing) all = [.. _unsettled.Keys];
        foreach (var chainId in all) Delete(chainId);
    }

    private Layer Show(LayerDraft draft, string path, LayerFile record)
    {
        File.CreateSymbolicLink(path, Path.GetRelativePath(_directory, draft.Directory));
        draft.Committed = true;
        _unsettled[record.ChainId] = new Unsettled(draft.Directory, path);
        return _known[record.ChainId] = LayerIn(path, record);
    }

    private void Place(IEnumerable<KeyValuePair<Digest, Unsettled>> synced)
    {
        lock (_committing)
        {
            using var parent = PathDescriptor.Open(null, _directory, OpenFlags.ReadOnly | OpenFlags.Directory);
            using var incoming = PathDescriptor.Open(null, _incoming, OpenFlags.ReadOnly | OpenFlags.Directory);
            var placed = new List<Digest>();
            foreach (var (chainId, layer) in synced.Where(one => _unsettled.ContainsKey(one.Key)))
            {
                // Containers may be about to be mounted on it: at every instant the name leads to its files.
                var (made, name) = (Path.GetFileName(layer.Made), Path.GetFileName(layer.Path));
                var errno = FileAt.TryExchange(incoming, made, parent, name);
                // File systems that cannot: for an instant the name leads nowhere.
                if (errno == Errno.EINVAL && FileAt.TryRemove(parent, name) == Errno.None) errno = FileAt.TryRename(incoming, made, parent, name);
                if (errno != Errno.None) throw new SyscallException("renameat2", errno, layer.Path);
                FileAt.TryRemove(incoming, made);
                placed.Add(chainId);
            }
            OpenFile.Sync(parent);
            foreach (var chainId in placed) _unsettled.Remove(chainId);
        }
    }

    private bool DeleteUnsettled(Digest chainId)
    {
        lock (_committing)
        {
            if (!_unsettled.Remove(chainId, out var layer)) return false;
            _trash.Throw(layer.Path);
            _trash.Throw(layer.Made);
            return true;
        }
    }
}

using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Images.Layers;

/// <summary>Brings directories that were just made to the disk, with everything in them, so that the rename that shows one shows all of it also after a power cut.</summary>
internal static class LayerSync
{
    // Of more than that, one call for the whole file system costs less, though it waits for what everybody else has written there.
    private const int EntriesMax = 64;

    /// <param name="files">Files beside the directories, on the same file system.</param>
    public static void Sync(IReadOnlyList<SafeFileHandle> directories, IReadOnlyList<SafeFileHandle>? files = null)
    {
        var opened = new List<SafeFileHandle>();
        try
        {
            var entries = new List<SafeFileHandle>(files ?? []);
            if (!directories.All(directory => TryList(directory, entries, opened)))
            {
                OpenFile.SyncFileSystem(directories[0]);
                return;
            }
            // All are being written before the first is waited for: the journal then has all of them in one commit, and those that follow find it done.
            foreach (var entry in entries) OpenFile.StartWriting(entry);
            foreach (var entry in entries) OpenFile.Sync(entry);
        }
        finally
        {
            foreach (var entry in opened) entry.Dispose();
        }
    }

    private static bool TryList(SafeFileHandle directory, List<SafeFileHandle> entries, List<SafeFileHandle> opened)
    {
        foreach (var name in FileAt.Names(directory))
        {
            if (entries.Count >= EntriesMax) return false;
            // Links, devices and the like are what their directory says of them.
            var kind = FileAt.Status(directory, name).Kind;
            if (kind is not (FileKind.Regular or FileKind.Directory)) continue;
            var entry = FileAt.Open(directory, name, OpenFlags.ReadOnly | OpenFlags.NoFollow);
            opened.Add(entry);
            if (kind == FileKind.Regular) entries.Add(entry);
            else if (!TryList(entry, entries, opened)) return false;
        }
        entries.Add(directory);
        return true;
    }
}

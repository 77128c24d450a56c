using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Images.Layers;

/// <summary>Brings a layer that was just made to the disk, with everything in it, so that the rename that shows it shows all of it also after a power cut.</summary>
internal static class LayerSync
{
    // Of more than that, one call for the whole file system costs less, though it waits for what everybody else has written there.
    private const int EntriesMax = 64;

    public static void Sync(LayerDraft draft)
    {
        var left = EntriesMax;
        if (!TrySync(draft.Handle, ref left)) OpenFile.SyncFileSystem(draft.Handle);
    }

    private static bool TrySync(SafeFileHandle directory, ref int left)
    {
        foreach (var name in FileAt.Names(directory))
        {
            if (--left < 0) return false;
            // Links, devices and the like are what their directory says of them.
            var kind = FileAt.Status(directory, name).Kind;
            if (kind is not (FileKind.Regular or FileKind.Directory)) continue;
            using var entry = FileAt.Open(directory, name, OpenFlags.ReadOnly | OpenFlags.NoFollow);
            if (kind == FileKind.Regular) OpenFile.Sync(entry);
            else if (!TrySync(entry, ref left)) return false;
        }
        OpenFile.Sync(directory);
        return true;
    }
}

using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Archives;

/// <summary>In Docker's numbers.</summary>
public enum ChangeKind { Modified = 0, Added = 1, Deleted = 2 }

public sealed record FileChange(string Path, ChangeKind Kind);

/// <summary>What an overlay's upper directory changes over what is below it, as <c>docker diff</c> counts.</summary>
public static class OverlayChanges
{
    /// <param name="below">The lower directories as one.</param>
    /// <returns>In the order of paths.</returns>
    public static IReadOnlyList<FileChange> Of(SafeFileHandle upper, SafeFileHandle below)
    {
        var changes = new List<FileChange>();
        Compare(upper, below, "", changes);
        changes.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return changes;
    }

    private static void Compare(SafeFileHandle upper, SafeFileHandle below, string path, List<FileChange> changes)
    {
        // Who adds or deletes something changes the directory that it is in, as Docker counts.
        var changesDirectory = false;
        foreach (var name in FileAt.Names(upper))
        {
            if (FileAt.TryStatus(upper, name, out var status) != Errno.None) continue;
            var inside = $"{path}/{name}";
            var before = Before(below, inside);
            var kind = status.IsWhiteout ? ChangeKind.Deleted : before is null ? ChangeKind.Added : ChangeKind.Modified;
            changesDirectory |= kind != ChangeKind.Modified;
            // Overlayfs copies a directory up for the sake of what is in it.
            if (kind != ChangeKind.Modified || !IsSameDirectory(status, before!.Value)) changes.Add(new FileChange(inside, kind));
            if (status.Kind != FileKind.Directory || FileAt.TryOpen(upper, name, OpenFlags.ReadOnly | OpenFlags.Directory, out var inner) != Errno.None) continue;
            using (inner) Compare(inner!, below, inside, changes);
        }
        if (changesDirectory && path.Length > 0 && !changes.Exists(change => change.Path == path)) changes.Add(new FileChange(path, ChangeKind.Modified));
    }

    private static FileStatus? Before(SafeFileHandle below, string path)
    {
        if (PathDescriptor.TryOpen(below, path, OpenFlags.Path | OpenFlags.NoFollow, out var found, Resolve.InRoot | Resolve.NoSymlinks) is not Errno.None and not Errno.ELOOP || found is null) return null;
        using (found) return FileAt.Status(found);
    }

    private static bool IsSameDirectory(FileStatus now, FileStatus before) =>
        now.Kind == FileKind.Directory && before.Kind == FileKind.Directory && now.Mode == before.Mode && now.Modified == before.Modified && (now.UserId, now.GroupId) == (before.UserId, before.GroupId);
}

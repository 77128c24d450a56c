using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>
/// Mounts of another mount namespace, or put together in one of their own, as detached mounts: no path of this process ever leads to them. A mount can
/// only be copied from inside its namespace, and a thread that has been in one must not serve others afterwards, so each call has a thread that ends with it.
/// </summary>
public static class MountNamespace
{
    /// <summary>A copy of the mount that a process sees at <paramref name="path"/>, with those below it when <paramref name="recursive"/>; owned by the caller.</summary>
    /// <exception cref="SyscallException">The process is gone (ESRCH), or nothing is at the path.</exception>
    public static SafeFileHandle CloneFrom(int pid, string path, bool recursive) => Inside(() =>
    {
        using var process = ProcessDescriptor.Open(pid);
        Namespaces.Unshare(CloneFlags.FileSystem);
        Namespaces.Join(process, CloneFlags.NewMount);
        return MountTree.Clone(path, recursive);
    });

    /// <summary>One mount with others in it, as a single tree; owned by the caller.</summary>
    /// <param name="root">A detached mount.</param>
    /// <param name="place">A directory to attach it at meanwhile, in a namespace that nobody else sees.</param>
    /// <param name="inner">Outer ones before those inside them. A place that is missing in the root leaves its mount out; links on the way to it end in the root.</param>
    public static SafeFileHandle Assemble(SafeFileHandle root, string place, IReadOnlyList<(string Destination, Func<SafeFileHandle> Open)> inner) => InsideNew(() =>
    {
        var opened = new List<(string Destination, SafeFileHandle Mount)>();
        try
        {
            // Before the root hides what is at its place.
            foreach (var (destination, open) in inner) opened.Add((destination, open()));
            MountTree.Attach(root, place);
            foreach (var (destination, mount) in opened)
            {
                if (PathDescriptor.TryOpen(root, destination, OpenFlags.Path, out var target, Resolve.InRoot | Resolve.NoMagicLinks) is var errno and not Errno.None
                    && (errno != Errno.ENOENT || (target = MakePlace(root, destination, mount)) is null)) continue;
                using (target) MountTree.Attach(mount, target!);
            }
            return MountTree.Clone(root, recursive: true);
        }
        finally
        {
            foreach (var (_, mount) in opened) mount.Dispose();
        }
    });

    // As a start would make it; null where the root takes no changes, and what is mounted there is then not to be seen.
    private static SafeFileHandle? MakePlace(SafeFileHandle root, string destination, SafeFileHandle mount)
    {
        const uint enterable = 0x1ED, readable = 0x1A4;
        var parts = destination.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var depth = 1; depth <= parts.Length; depth++)
        {
            var inside = string.Join('/', parts[..depth]);
            if (PathDescriptor.TryOpen(root, inside, OpenFlags.Path, out var found, Resolve.InRoot | Resolve.NoMagicLinks) == Errno.None)
            {
                if (depth == parts.Length) return found;
                found!.Dispose();
                continue;
            }
            using var parent = PathDescriptor.Open(root, depth == 1 ? "." : string.Join('/', parts[..(depth - 1)]), OpenFlags.ReadOnly | OpenFlags.Directory, Resolve.InRoot | Resolve.NoMagicLinks);
            var isFile = depth == parts.Length && FileAt.Status(mount).Kind != FileKind.Directory;
            if ((isFile ? FileAt.TryMakeNode(parent, parts[depth - 1], FileKind.Regular, readable) : FileAt.TryMakeDirectory(parent, parts[depth - 1], enterable)) != Errno.None) return null;
            // Whose the root is, which need not be ours.
            var owner = FileAt.Status(root);
            FileAt.ChangeOwner(parent, parts[depth - 1], owner.UserId, owner.GroupId);
        }
        return PathDescriptor.TryOpen(root, destination, OpenFlags.Path, out var made, Resolve.InRoot | Resolve.NoMagicLinks) == Errno.None ? made : null;
    }

    /// <summary>
    /// Runs <paramref name="work"/> where a detached mount is attached at a directory, in a namespace that nobody else sees; a program that it starts is there too. For
    /// programs that need a path.
    /// </summary>
    public static void RunWith(SafeFileHandle mount, string place, Action work)
    {
        using var copy = InsideNew(() =>
        {
            MountTree.Attach(mount, place);
            work();
            return MountTree.Clone(mount, recursive: false);
        });
    }

    /// <summary>What <paramref name="work"/> makes in a namespace of its own, a copy of ours that ends with it and sends nothing back. The working directory is its own too.</summary>
    internal static SafeFileHandle InsideNew(Func<SafeFileHandle> work) => Inside(() =>
    {
        Namespaces.Unshare(CloneFlags.FileSystem | CloneFlags.NewMount);
        using (var everything = PathDescriptor.Open(null, "/", OpenFlags.Path | OpenFlags.Directory))
            MountTree.Change(everything, MountAttributes.None, MountAttributes.None, MountPropagation.Private, recursive: true);
        return work();
    });

    private static SafeFileHandle Inside(Func<SafeFileHandle> work)
    {
        SafeFileHandle? made = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try { made = work(); }
            catch (Exception error) { failure = error; }
        });
        thread.Start();
        thread.Join();
        return made ?? throw failure!;
    }
}

using Yun.Linux;
using Yun.Protocol;

namespace Yun.Archives;

/// <summary>A tar that somebody wrote who is not trusted, on its way to somebody who is to trust it: read and written again, entry by entry.</summary>
public static class CheckedArchive
{
    /// <summary>As it is read, the tar is checked. What it may hold is what <see cref="ArchiveWriter"/> writes: nothing else, and no name that leads out.</summary>
    /// <param name="name">The first entry's, which all others are in; empty when they are in nothing.</param>
    /// <returns>Reading it fails with an <see cref="EngineException"/> that names the entry which is refused.</returns>
    public static Stream Open(Stream tar, string name, CancellationToken cancel) => new MadeStream(write => Copy(new TarReader(tar), new TarWriter(write), name, cancel), cancel);

    private static void Copy(TarReader from, TarWriter to, string name, CancellationToken cancel)
    {
        // Whoever unpacks the archive must not be led by an earlier entry of it.
        var links = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            while (from.Next() is { } entry)
            {
                cancel.ThrowIfCancellationRequested();
                if (entry.Sparse is not null || !IsInside(entry.Name, name) || (entry.IsHardLink && !IsInside(entry.LinkTarget, name)) || IsThrough(links, entry.Name))
                    throw new EngineException(ErrorKind.Internal, $"The archive's entry '{entry.Name}' is refused: it is not one of those that were asked for.");
                if (entry.Kind == FileKind.SymbolicLink) links.Add(entry.Name.TrimEnd('/'));
                to.WriteEntry(entry);
                while (from.ReadContent() is { IsEmpty: false } part) to.WriteContent(part);
                if (entry.Kind == FileKind.Regular && !entry.IsHardLink) to.EndContent(entry.Size);
            }
            from.Drain();
            to.Finish();
        }
        catch (TarException damaged) { throw new EngineException(ErrorKind.Internal, $"The archive is refused: {damaged.Message}.", damaged); }
    }

    private static bool IsInside(string path, string name)
    {
        var bare = path.TrimEnd('/');
        if (Array.IndexOf(bare.Split('/'), "..") >= 0 || bare.StartsWith('/')) return false;
        return name is "" or "." || bare == name || bare.StartsWith(name + "/", StringComparison.Ordinal);
    }

    private static bool IsThrough(HashSet<string> links, string path)
    {
        for (var slash = links.Count == 0 ? -1 : path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
            if (links.Contains(path[..slash])) return true;
        return links.Contains(path);
    }
}

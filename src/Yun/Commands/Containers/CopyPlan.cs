using Yun.Archives.Paths;

namespace Yun.Commands.Containers;

/// <summary>One end of a copy: a path, and what is there.</summary>
public sealed record CopyEnd(string Path, bool Exists, bool IsDirectory)
{
    /// <summary>Written so that it can only be a directory.</summary>
    public bool AssertsDirectory => CleanPath.EndsAsFolder(Path);

    /// <summary><c>dir/.</c>: what is in it, not itself.</summary>
    public bool IsContentOnly => Path == "." || Path.EndsWith("/.", StringComparison.Ordinal);
}

/// <summary>Where the copy goes and what it is called there, by the rules of <c>docker cp</c> (which are those of <c>cp -a</c>).</summary>
/// <param name="Directory">The directory to unpack in.</param>
/// <param name="Name">The new name of what is copied; null keeps its own, empty copies only what is in it.</param>
public sealed record CopyPlan(string Directory, string? Name)
{
    public static CopyPlan For(CopyEnd source, CopyEnd destination)
    {
        var clean = CleanPath.Of(destination.Path);
        var parent = clean.LastIndexOf('/') is var slash && slash > 0 ? clean[..slash] : slash == 0 ? "/" : ".";
        var name = clean[(clean.LastIndexOf('/') + 1)..];
        if (destination.Exists && destination.IsDirectory) return new(clean, source.IsContentOnly && source.IsDirectory ? "" : null);
        if (destination.Exists && source.IsDirectory) throw new FailureException("cannot copy directory");
        if (!destination.Exists && !source.IsDirectory && destination.AssertsDirectory) throw new FailureException("no such directory");
        return new(parent, name);
    }
}

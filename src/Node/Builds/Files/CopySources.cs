using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Archives.Paths;
using Yun.Node.Builds.Patterns;
using Yun.Protocol;

namespace Yun.Node.Builds.Files;

/// <summary>Finds what the sources of COPY and ADD name in a tree: the context, a stage, an image.</summary>
internal sealed class CopySources(SafeFileHandle root, bool isContext, IReadOnlyList<string> excludes)
{
    private readonly IgnoreList _excludes = Excluding(excludes);

    /// <summary>One source may be several files when it has wildcards; links in its path, and the last one too, are followed inside the tree.</summary>
    /// <exception cref="EngineException">Nothing is there, in Docker's words.</exception>
    public IReadOnlyList<CopySource> Find(string source, bool mayUnpack)
    {
        var path = CleanPath.Of("/" + source)[1..];
        if (!PathPattern.HasWildcards(path)) return [One(path, mayUnpack) ?? throw Missing(path)];
        PathPattern pattern;
        try
        {
            pattern = PathPattern.Parse(path, doubleStars: false);
        }
        catch (FormatException error)
        {
            throw new EngineException(ErrorKind.InvalidArgument, error.Message);
        }
        var found = new List<CopySource>();
        Walk("", path.Count(c => c == '/'), name =>
        {
            if (pattern.IsMatch(name) && One(name, mayUnpack) is { } match) found.Add(match);
        });
        return found;
    }

    /// <summary>One digest for all sources, in the form Docker writes into history.</summary>
    public static async Task<string> HashAsync(IReadOnlyList<CopySource> sources, CancellationToken cancel)
    {
        var hashes = new List<string>();
        foreach (var source in sources) hashes.Add(await source.HashAsync(cancel));
        return hashes.Count == 1 ? hashes[0] : $"multi:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(',', hashes))))}";
    }

    private CopySource? One(string path, bool mayUnpack)
    {
        if (_excludes.IsIgnored(path)) return null;
        var found = RootedPath.Find(root, path);
        // Names inside a folder are compared by their path from the tree's root, as .dockerignore does.
        Func<string, bool>? skip = _excludes.IsEmpty ? null : inside => _excludes.IsIgnored(path.Length == 0 ? inside : $"{path}/{inside}") || _excludes.IsIgnored(inside);
        return found.Kind == PathKind.Missing ? null : new CopySource(root, path, found, mayUnpack, skip);
    }

    // A pattern's wildcards stay inside one name, so nothing deeper than the pattern can match.
    private void Walk(string folder, int depth, Action<string> visit)
    {
        foreach (var (name, kind) in RootedPath.List(root, folder))
        {
            var path = folder.Length == 0 ? name : $"{folder}/{name}";
            visit(path);
            if (kind == PathKind.Directory && depth > 0) Walk(path, depth - 1, visit);
        }
    }

    private static IgnoreList Excluding(IReadOnlyList<string> patterns)
    {
        var list = new IgnoreList();
        foreach (var pattern in patterns) list.Add(pattern);
        return list;
    }

    private EngineException Missing(string path) => new(ErrorKind.NotFound, isContext
        ? $"file not found in build context or excluded by .dockerignore: stat {path}: file does not exist"
        : $"stat {path}: file does not exist");
}

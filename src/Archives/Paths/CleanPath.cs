namespace Yun.Archives.Paths;

/// <summary>Paths as text, as Go's <c>path.Clean</c> and <c>path.Join</c> treat them: nothing is looked up.</summary>
public static class CleanPath
{
    /// <summary>Without doubled slashes, <c>.</c> and <c>..</c>; <c>.</c> when nothing is left. A rooted path never climbs above its root.</summary>
    public static string Of(string path)
    {
        var rooted = path.StartsWith('/');
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part != "..") parts.Add(part);
            else if (parts.Count > 0 && parts[^1] != "..") parts.RemoveAt(parts.Count - 1);
            else if (!rooted) parts.Add(part);
        }
        var joined = string.Join('/', parts);
        return rooted ? "/" + joined : joined.Length == 0 ? "." : joined;
    }

    /// <summary>A path inside a container: relative ones count from <paramref name="folder"/>. A trailing slash stays.</summary>
    public static string Absolute(string folder, string path)
    {
        var clean = Of(path.StartsWith('/') ? path : $"/{folder}/{path}");
        return clean != "/" && EndsAsFolder(path) ? clean + "/" : clean;
    }

    /// <summary>Written so that it can only be a folder: <c>x/</c>, <c>x/.</c>, <c>.</c>.</summary>
    public static bool EndsAsFolder(string path) => path.EndsWith('/') || path.EndsWith("/.", StringComparison.Ordinal) || path is "." or "";
}

namespace Yun.Archives;

/// <summary>An entry's name made plain: no leading slash, no empty part, no <c>.</c> and no <c>..</c>. Empty for the archive's root.</summary>
internal static class EntryPath
{
    private const int PartMax = 255;

    /// <exception cref="TarException">The name leads out of the root, or the kernel could not take it.</exception>
    public static string Plain(string name)
    {
        // Most names are plain as they are, but for a "./" before and a "/" behind.
        var parts = new List<string>();
        foreach (var part in name.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part == "..")
            {
                if (parts.Count == 0) throw new TarException("it leads out of the archive's root");
                parts.RemoveAt(parts.Count - 1);
                continue;
            }
            if (part.Length > PartMax) throw new TarException("its name is too long");
            parts.Add(part);
        }
        return string.Join('/', parts);
    }

    public static (string Parent, string Name) Split(string path) => path.LastIndexOf('/') is >= 0 and var slash ? (path[..slash], path[(slash + 1)..]) : ("", path);

    public static string Join(string directory, string path) => directory.Length == 0 ? path : path.Length == 0 ? directory : $"{directory}/{path}";
}

using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>Options of a tmpfs: Docker's own first, then the user's, where a later word replaces an earlier one that says the opposite.</summary>
internal static class TmpfsWords
{
    private static readonly string[] s_defaults = ["noexec", "nosuid", "nodev"];
    private static readonly HashSet<string> s_flags = ["exec", "suid", "dev", "ro", "rw", "sync", "async", "atime", "diratime", "relatime", "strictatime", "private", "rprivate", "slave", "rslave", "shared", "rshared", "noswap", "remount", "defaults"];
    private static readonly HashSet<string> s_values = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"];

    /// <param name="text">Words with commas, as <c>--tmpfs /run:size=64m,exec</c> gives them.</param>
    /// <exception cref="EngineException">400: a word that tmpfs does not have.</exception>
    public static IReadOnlyList<string> Merge(string? text) => Merge((text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries));

    public static IReadOnlyList<string> Merge(TmpfsOptions? options, bool readOnly)
    {
        var words = new List<string>();
        if (options?.SizeBytes > 0) words.Add($"size={options.SizeBytes}");
        if (options?.Mode > 0) words.Add($"mode=0{Convert.ToString(options.Mode, 8)}");
        foreach (var option in options?.Options ?? [])
            if (option.Count is 1 or 2) words.Add(string.Join('=', option));
        if (readOnly) words.Add("ro");
        return Merge(words);
    }

    private static List<string> Merge(IEnumerable<string> words)
    {
        var merged = new List<string>(s_defaults);
        foreach (var word in words)
        {
            var subject = Subject(word);
            if (!(word.Contains('=', StringComparison.Ordinal) ? s_values : s_flags).Contains(subject))
                throw new EngineException(ErrorKind.InvalidArgument, $"Invalid tmpfs option \"{word}\"");
            merged.RemoveAll(earlier => Subject(earlier) == subject);
            if (word is not ("defaults" or "remount")) merged.Add(word);
        }
        return merged;
    }

    // What a word is about: noexec and exec are about the same.
    private static string Subject(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? word[..at]
        : word is "rw" ? "ro"
        : word.StartsWith("no", StringComparison.Ordinal) && word.Length > 2 && s_flags.Contains(word[2..]) ? word[2..]
        : word;
}

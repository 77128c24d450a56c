namespace Yun.Node;

/// <summary>What somebody may have meant by a word that is not known.</summary>
public static class Suggestion
{
    private const int ShortestWord = 3, LongWord = 6;

    /// <summary>" (did you mean RUN?)", or nothing when no known word is near.</summary>
    public static string For(string word, IEnumerable<string> known) => Nearest(word, known) is { Count: > 0 } nearest ? $" (did you mean {string.Join(" or ", nearest)}?)" : "";

    /// <summary>The known words that are fewest slips away, in their order: one slip at most, two in a long word.</summary>
    public static IReadOnlyList<string> Nearest(string word, IEnumerable<string> known)
    {
        var nearest = new List<string>();
        var fewest = int.MaxValue;
        foreach (var candidate in known)
        {
            var slips = Slips(word.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (slips > Allowed(word, candidate) || slips > fewest) continue;
            if (slips < fewest) nearest.Clear();
            fewest = slips;
            nearest.Add(candidate);
        }
        return nearest;
    }

    private static int Allowed(string word, string candidate) => Math.Max(word.Length, candidate.Length) < ShortestWord ? 0 : Math.Min(word.Length, candidate.Length) < LongWord ? 1 : 2;

    // A slip is one letter too many, missing or wrong, or two neighbours swapped (the optimal string alignment distance).
    private static int Slips(string a, string b)
    {
        int[] beforeLast = [], last = [.. Enumerable.Range(0, b.Length + 1)];
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }
            (beforeLast, last) = (last, row);
        }
        return last[b.Length];
    }
}

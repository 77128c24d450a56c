namespace Yun.Node.Builds.Dockerfiles;

/// <summary>" (did you mean RUN?)" for a word one slip away from a known one.</summary>
internal static class Suggestion
{
    public static string For(string word, IEnumerable<string> known)
    {
        foreach (var candidate in known)
            if (IsOneSlipAway(word.ToUpperInvariant(), candidate.ToUpperInvariant())) return $" (did you mean {candidate}?)";
        return "";
    }

    // One letter too many, missing, wrong, or two neighbours swapped.
    private static bool IsOneSlipAway(string a, string b)
    {
        if (a.Length > b.Length) (a, b) = (b, a);
        if (b.Length - a.Length > 1 || b.Length < 3) return false;
        var same = a.AsSpan().CommonPrefixLength(b);
        if (a.Length < b.Length) return a.AsSpan(same).SequenceEqual(b.AsSpan(same + 1));
        if (same + 1 >= a.Length) return true;
        return a.AsSpan(same + 1).SequenceEqual(b.AsSpan(same + 1))
            || (a[same] == b[same + 1] && a[same + 1] == b[same] && a.AsSpan(same + 2).SequenceEqual(b.AsSpan(same + 2)));
    }
}

using Yun.Node;

namespace Yun.Commands.CommandLine;

/// <summary>A further line of an error, for a word that is nearly one that is known.</summary>
public static class DidYouMean
{
    /// <param name="prefix">What stands before the known words when they are typed.</param>
    /// <returns>The line with a line break in front, or nothing when no known word is near.</returns>
    public static string Line(string word, IEnumerable<string> known, string prefix) =>
        Suggestion.Nearest(word, known) is { Count: > 0 } nearest ? $"\nDid you mean {string.Join(" or ", nearest.Select(near => $"'{prefix}{near}'"))}?" : "";
}

using System.Text.RegularExpressions;
using Yun.Images;
using Yun.Node;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>The filters of <c>GET /images/json</c>.</summary>
internal static class ImageFilter
{
    /// <param name="all">Also images without a name that only stand below others.</param>
    public static bool Matches(Engine engine, Image image, IReadOnlyDictionary<string, IReadOnlyList<string>> filters, bool all)
    {
        if (filters.TruthOf("dangling") is { } dangling)
        {
            if (dangling != image.IsDangling) return false;
        }
        // Shown with the name that stands for it and others.
        else if (image.IsSibling) return false;
        if (!all && image.IsDangling && engine.Images.List().Any(other => other.Parent == image.Id)) return false;
        if (!image.Names.Any(name => IsAskedFor(name, filters)) && filters.ContainsKey("reference")) return false;
        if (filters.TryGetValue("before", out var before) && before.Select(name => engine.Images.Find(name)).Any(other => !(image.Created < other.Created))) return false;
        if (filters.TryGetValue("since", out var since) && since.Select(name => engine.Images.Find(name)).Any(other => !(image.Created > other.Created))) return false;
        return filters.MatchesLabels(image.Config.Config?.Labels) && IsBefore(image, filters);
    }

    public static bool IsBefore(Image image, IReadOnlyDictionary<string, IReadOnlyList<string>> filters) =>
        !filters.TryGetValue("until", out var limits) || limits.All(limit => (image.Created ?? DateTimeOffset.UnixEpoch) < PruneUntil.Parse(limit, DateTimeOffset.UtcNow));

    /// <summary>Whether the filter <c>reference</c> is absent or the name is like one of its patterns, with the tag or without.</summary>
    public static bool IsAskedFor(ImageReference name, IReadOnlyDictionary<string, IReadOnlyList<string>> filters) =>
        filters.MatchesAny("reference", pattern => IsLike(name.Familiar, pattern) || IsLike(name.FamiliarName, pattern));

    // Go's path.Match: a star stops at a slash.
    private static bool IsLike(string name, string pattern)
    {
        var expression = "^" + Regex.Escape(pattern).Replace("\\*", "[^/]*", StringComparison.Ordinal).Replace("\\?", "[^/]", StringComparison.Ordinal) + "$";
        try { return Regex.IsMatch(name, expression, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking); }
        // A pattern beyond all measure.
        catch (NotSupportedException) { throw new EngineException(ErrorKind.InvalidArgument, $"invalid reference filter '{pattern}'"); }
    }
}

using System.Diagnostics.CodeAnalysis;

namespace Yun.Oci;

/// <summary>
/// The name of an image: a repository, and a tag or a digest or both. Short names are completed as Docker does (github.com/distribution/reference):
/// <c>busybox</c> is <c>docker.io/library/busybox</c>, and the first part is a host only if it has a dot, a colon or an upper-case letter, or is <c>localhost</c>.
/// </summary>
public sealed record ImageReference
{
    public const string DefaultDomain = "docker.io";
    public const string DefaultTag = "latest";
    private const string LegacyDomain = "index.docker.io";
    private const string OfficialPrefix = "library/";
    private const int NameLengthMax = 255;
    private const int TagLengthMax = 128;

    private ImageReference(string domain, string path, string? tag, Digest? digest) => (Domain, Path, Tag, Digest) = (domain, path, tag, digest);

    /// <summary>The registry: a host with an optional port.</summary>
    public string Domain { get; }
    /// <summary>The repository inside the registry, such as <c>library/busybox</c>.</summary>
    public string Path { get; }
    public string? Tag { get; }
    public Digest? Digest { get; }

    /// <summary>The repository in full: <c>docker.io/library/busybox</c>.</summary>
    public string Name => $"{Domain}/{Path}";

    /// <summary>The repository as people write it: <c>busybox</c>.</summary>
    public string FamiliarName => Domain != DefaultDomain ? Name
        : Path.StartsWith(OfficialPrefix, StringComparison.Ordinal) && !Path.AsSpan(OfficialPrefix.Length).Contains('/') ? Path[OfficialPrefix.Length..] : Path;

    /// <summary>As people write it, with tag and digest: <c>busybox:latest</c>.</summary>
    public string Familiar => FamiliarName + Suffix;

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <exception cref="FormatException">The text is no reference; the message is Docker's.</exception>
    public static ImageReference Parse(string text) => TryParse(text, out var reference, out var error) ? reference : throw new FormatException(error);

    public static bool TryParse(string text, [NotNullWhen(true)] out ImageReference? reference) => TryParse(text, out reference, out _);

    /// <summary>The same repository with another tag and no digest.</summary>
    /// <exception cref="FormatException">The tag has characters a tag cannot have.</exception>
    public ImageReference WithTag(string tag) => IsTag(tag) ? new(Domain, Path, tag, null) : throw new FormatException("invalid tag format");

    /// <summary>The same repository with this digest and no tag.</summary>
    public ImageReference WithDigest(Digest digest) => new(Domain, Path, null, digest);

    /// <summary>The repository alone.</summary>
    public ImageReference WithoutTag() => new(Domain, Path, null, null);

    /// <summary>Itself if it has a tag or a digest, else the same with the tag <c>latest</c>.</summary>
    public ImageReference WithDefaultTag() => Tag is null && Digest is null ? WithTag(DefaultTag) : this;

    public override string ToString() => Name + Suffix;

    private static bool TryParse(string text, [NotNullWhen(true)] out ImageReference? reference, out string error)
    {
        reference = null;
        error = "invalid reference format";
        if (text.Length == 64 && text.All(char.IsAsciiHexDigitLower))
        {
            error = $"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings";
            return false;
        }
        var (domain, rest) = SplitDomain(text);
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        var remote = colon < 0 ? rest : rest[..colon];
        if (remote.Any(char.IsUpper))
        {
            error = $"invalid reference format: repository name ({remote}) must be lowercase";
            return false;
        }

        Digest? digest = null;
        if (rest.IndexOf('@', StringComparison.Ordinal) is >= 0 and var at)
        {
            if (!Yun.Oci.Digest.TryParse(rest[(at + 1)..], out var parsed)) return false;
            (digest, rest) = (parsed, rest[..at]);
        }
        string? tag = null;
        if (rest.LastIndexOf(':') is >= 0 and var tagAt)
        {
            (tag, rest) = (rest[(tagAt + 1)..], rest[..tagAt]);
            if (!IsTag(tag)) return false;
        }
        if (!IsDomain(domain) || !IsPath(rest)) return false;
        if (domain.Length + 1 + rest.Length > NameLengthMax)
        {
            error = "invalid reference format: repository name must not be more than 255 characters";
            return false;
        }
        reference = new ImageReference(domain, rest, tag, digest);
        return true;
    }

    private static (string Domain, string Remainder) SplitDomain(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return (DefaultDomain, OfficialPrefix + text);
        var first = text[..slash];
        if (first == LegacyDomain) first = DefaultDomain;
        var isDomain = first == "localhost" || first.AsSpan().ContainsAny('.', ':') || first.Any(char.IsUpper);
        var (domain, rest) = isDomain ? (first, text[(slash + 1)..]) : (DefaultDomain, text);
        return (domain, domain == DefaultDomain && !rest.Contains('/', StringComparison.Ordinal) ? OfficialPrefix + rest : rest);
    }

    public static bool IsTag(string tag) => tag.Length is > 0 and <= TagLengthMax && IsWord(tag[0]) && tag.All(c => IsWord(c) || c is '.' or '-');

    /// <summary>Whether a registry may call a repository so: a path without a host.</summary>
    public static bool IsRepository(string path) => path.Length is > 0 and <= NameLengthMax && IsPath(path);

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    // Runs of a-z and 0-9 divided by one dot, one or two underscores, or any number of dashes.
    private static bool IsPath(string path) => path.Split('/').All(IsPathPart);

    private static bool IsPathPart(string part)
    {
        static bool IsAlphanumeric(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
        if (part.Length == 0 || !IsAlphanumeric(part[0]) || !IsAlphanumeric(part[^1])) return false;
        for (var i = 0; i < part.Length; i++)
        {
            if (IsAlphanumeric(part[i])) continue;
            var start = i;
            while (!IsAlphanumeric(part[i + 1])) i++;
            if (part[start..(i + 1)] is not ("." or "_" or "__") && !part.AsSpan(start, i + 1 - start).ToString().All(c => c == '-')) return false;
        }
        return true;
    }

    private static bool IsDomain(string domain)
    {
        var host = domain;
        if (domain is ['[', ..])
        {
            var end = domain.IndexOf(']', StringComparison.Ordinal);
            if (end < 2 || !domain.AsSpan(1, end - 1).ToString().All(c => char.IsAsciiHexDigit(c) || c == ':')) return false;
            return end == domain.Length - 1 || IsPort(domain[(end + 1)..]);
        }
        if (domain.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon)
        {
            if (!IsPort(domain[colon..])) return false;
            host = domain[..colon];
        }
        return host.Split('.').All(part => part.Length > 0 && char.IsAsciiLetterOrDigit(part[0]) && char.IsAsciiLetterOrDigit(part[^1])
            && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
    }

    private static bool IsPort(string text) => text.Length > 1 && text[0] == ':' && text.AsSpan(1).ToString().All(char.IsAsciiDigit);
}

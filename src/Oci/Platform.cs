using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Yun.Oci;

/// <summary>What an image runs on, as <c>os[/architecture[/variant]]</c> in GOOS and GOARCH words.</summary>
public sealed record Platform
{
    public string Architecture { get; set; } = "";
    public string Os { get; set; } = "";
    [JsonPropertyName("os.version")] public string? OsVersion { get; set; }
    [JsonPropertyName("os.features")] public List<string>? OsFeatures { get; set; }
    public string? Variant { get; set; }

    /// <summary>This machine's.</summary>
    public static Platform Host { get; } = new()
    {
        Os = "linux",
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            System.Runtime.InteropServices.Architecture.Arm => "arm",
            var other => other.ToString().ToLowerInvariant(),
        },
    };

    /// <summary>Reads <c>linux/arm64/v8</c>, <c>linux</c> or <c>arm64</c>; what is not said is this machine's.</summary>
    /// <exception cref="FormatException">The text names no platform.</exception>
    public static Platform Parse(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 3 || parts.Any(part => part.Length == 0 || part[0] == '.' || part.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.'))))
            throw new FormatException($"\"{text}\" is an invalid component of \"{text}\": platform specifier component must match os/architecture[/variant]");
        var platform = parts switch
        {
            [var one] when IsOs(one) => Host with { Os = one.ToLowerInvariant() },
            [var one] => new Platform { Os = Host.Os, Architecture = one },
            [var os, var architecture] => new Platform { Os = os, Architecture = architecture },
            [var os, var architecture, var variant] => new Platform { Os = os, Architecture = architecture, Variant = variant },
            _ => throw new FormatException($"\"{text}\" names no platform."),
        };
        return platform.Normalized();
    }

    /// <summary>One spelling for each: x86_64 is amd64, aarch64 is arm64, arm64's variant v8 and amd64's v1 are left out, arm without a variant is v7.</summary>
    public Platform Normalized()
    {
        var (architecture, variant) = (Architecture.ToLowerInvariant(), Variant?.ToLowerInvariant() ?? "") switch
        {
            ("i386" or "i486" or "i586" or "i686", _) => ("386", ""),
            ("x86_64" or "x86-64" or "amd64", "" or "v1") => ("amd64", ""),
            ("x86_64" or "x86-64" or "amd64", var level) => ("amd64", level),
            ("aarch64" or "arm64", "" or "8" or "v8") => ("arm64", ""),
            ("aarch64" or "arm64", var level) => ("arm64", level),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            ("arm", "" or "7") => ("arm", "v7"),
            ("arm", "5" or "6" or "8") => ("arm", "v" + Variant),
            var same => same,
        };
        return this with { Os = Os.ToLowerInvariant() is "macos" ? "darwin" : Os.ToLowerInvariant(), Architecture = architecture, Variant = variant.Length == 0 ? null : variant };
    }

    /// <summary>How well an image for <paramref name="image"/> suits this platform: 0 not at all, more is better.</summary>
    public int Suits(Platform image)
    {
        var (wanted, offered) = (Normalized(), image.Normalized());
        if (wanted.Os != offered.Os || wanted.Architecture != offered.Architecture) return 0;
        if (wanted.Variant == offered.Variant) return 100;
        // A processor runs what was made for a lower level of its own architecture: arm v7 runs v6, amd64 v3 runs v2.
        var (have, need) = (Level(wanted), Level(offered));
        return need <= have ? 50 - (have - need) : 0;
    }

    public override string ToString() => Variant is { Length: > 0 } ? $"{Os}/{Architecture}/{Variant}" : $"{Os}/{Architecture}";

    public bool Equals(Platform? other) => other is not null && Os == other.Os && Architecture == other.Architecture && Variant == other.Variant && OsVersion == other.OsVersion;

    public override int GetHashCode() => HashCode.Combine(Os, Architecture, Variant, OsVersion);

    private static int Level(Platform platform) => platform.Variant is ['v', .. var digits] && int.TryParse(digits, out var level) ? level
        : platform.Architecture == "arm64" ? 8 : 1;

    private static bool IsOs(string word) => word.ToLowerInvariant() is "linux" or "windows" or "darwin" or "macos" or "freebsd" or "wasip1" or "illumos" or "solaris";
}

namespace Yun.Daemon.Configuration;

/// <summary>What a setting is given as: on the command line, and in the configuration file.</summary>
internal enum SettingKind
{
    /// <summary><c>--bip 10.0.0.1/24</c>, a string.</summary>
    Text,
    /// <summary><c>--ipv6</c> or <c>--ipv6=false</c>, a boolean.</summary>
    Flag,
    /// <summary>A whole number.</summary>
    Number,
    /// <summary>A flag that may be repeated, an array.</summary>
    List,
    /// <summary>A flag that may be repeated as <c>key=value</c>, an object.</summary>
    Map,
}

/// <summary>One of the daemon's settings.</summary>
/// <param name="Name">Its flag without the dashes.</param>
/// <param name="Key">In the configuration file; null for what can be said on the command line alone.</param>
/// <param name="Help">Null for a setting that is taken for the sake of command lines and files written for dockerd, and listed nowhere.</param>
internal sealed record DaemonSetting(string Name, SettingKind Kind, string? Key, string? Help)
{
    /// <summary>One letter, or 0.</summary>
    internal char Letter { get; init; }

    /// <summary>The one value that is taken, beside the absence of any; null for no such bound. An empty one refuses all.</summary>
    internal string? Only { get; init; }

    /// <summary>Why another is refused: a sentence.</summary>
    internal string Because { get; init; } = "";

    /// <summary>Read again on SIGHUP; a change of any other waits for the next start.</summary>
    internal bool IsReloaded { get; init; }
}

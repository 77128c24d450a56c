using System.Globalization;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>Docker's options of macvlan and ipvlan networks.</summary>
internal static class LanOption
{
    private const string Parent = "parent", MacvlanModeOption = "macvlan_mode", IpvlanModeOption = "ipvlan_mode", IpvlanFlagOption = "ipvlan_flag";

    /// <summary>The interface of the machine that was named; null for a network that leads nowhere.</summary>
    public static string? ParentOf(Network network) => network.Options.GetValueOrDefault(Parent) is { Length: > 0 } name ? name : null;

    public static bool IsLayer3(Network network) => network.Driver == NetworkNames.Ipvlan && IpvlanMode(network) != 0;

    /// <summary>Then nobody else can have the parent.</summary>
    public static bool IsPassthru(Network network) => network.Driver == NetworkNames.Macvlan && MacvlanMode(network) == 8;

    // The numbers are the kernel's (if_link.h).
    public static uint MacvlanMode(Network network) => network.Options.GetValueOrDefault(MacvlanModeOption, "") switch
    {
        "" or "bridge" => 4,
        "private" => 1,
        "vepa" => 2,
        "passthru" => 8,
        var other => throw Wrong($"requested macvlan mode '{other}' is not valid, 'bridge' mode is the macvlan driver default"),
    };

    public static ushort IpvlanMode(Network network) => network.Options.GetValueOrDefault(IpvlanModeOption, "") switch
    {
        "" or "l2" => 0,
        "l3" => 1,
        "l3s" => 2,
        var other => throw Wrong($"requested ipvlan mode '{other}' is not valid, 'l2' mode is the ipvlan driver default"),
    };

    public static ushort IpvlanFlags(Network network) => network.Options.GetValueOrDefault(IpvlanFlagOption, "") switch
    {
        "" or "bridge" => 0,
        "private" => 1,
        "vepa" => 2,
        var other => throw Wrong($"requested ipvlan flag '{other}' is not valid, 'bridge' is the ipvlan driver default"),
    };

    /// <summary>An interface and a tag of 802.1Q, as <c>eth0.60</c> names them; null for any other name.</summary>
    public static (string Interface, ushort Tag)? TaggedPart(string name)
    {
        var dot = name.LastIndexOf('.');
        return dot > 0 && ushort.TryParse(name[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var tag) && tag is >= 1 and <= 4094 ? (name[..dot], tag) : null;
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

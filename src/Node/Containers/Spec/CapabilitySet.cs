using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary>Which capabilities a container's processes have: Docker's fourteen or the strict profile's ten, changed by <c>--cap-add</c>, <c>--cap-drop</c> and <c>--privileged</c>.</summary>
public static class CapabilitySet
{
    private const string All = "ALL";

    /// <summary>Docker's default (HARDENING.md, row "Default capabilities").</summary>
    public static IReadOnlyList<string> Default { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    // A capability outside our own bounding set cannot be given on, and asking the kernel for it would fail the whole start.
    private static readonly Lazy<ulong> s_bounding = new(Capabilities.Bounding);

    /// <summary>The set, in the kernel's order.</summary>
    /// <exception cref="EngineException">A name is no capability.</exception>
    public static IReadOnlyList<string> Of(HostConfig host) =>
        Of(host.CapAdd, host.CapDrop, host.Privileged, s_bounding.Value, SecurityProfile.IsStrict(host) ? StrictProfile.Capabilities : Default);

    internal static IReadOnlyList<string> Of(IReadOnlyList<string>? add, IReadOnlyList<string>? drop, bool privileged, ulong bounding, IReadOnlyList<string>? byDefault = null)
    {
        var (added, dropped) = (Normalise(add, "CapAdd"), Normalise(drop, "CapDrop"));
        IEnumerable<string> wanted = privileged || added.Contains(All) ? Capabilities.Names
            : dropped.Contains(All) ? []
            : byDefault ?? Default;
        // Dropping all and adding some leaves those; what is named in both is kept, as Docker does, for adding comes last.
        var set = wanted.Where(c => privileged || !dropped.Contains(c)).Concat(privileged || added.Contains(All) ? [] : added).ToHashSet();
        return [.. Capabilities.Names.Where((name, number) => set.Contains(name) && (bounding >> number & 1) != 0)];
    }

    public static SpecCapabilities ForSpec(IReadOnlyList<string> names) => new() { Bounding = [.. names], Effective = [.. names], Permitted = [.. names] };

    private static HashSet<string> Normalise(IReadOnlyList<string>? names, string field)
    {
        var normalised = new HashSet<string>();
        foreach (var name in names ?? [])
        {
            var upper = name.ToUpperInvariant();
            if (upper != All && !upper.StartsWith("CAP_", StringComparison.Ordinal)) upper = "CAP_" + upper;
            if (upper is "CAP_ALL") upper = All;
            if (upper != All && Capabilities.NumberOf(upper) < 0) throw new EngineException(ErrorKind.InvalidArgument, $"invalid {field}: unknown capability: \"{upper}\"");
            normalised.Add(upper);
        }
        return normalised;
    }
}

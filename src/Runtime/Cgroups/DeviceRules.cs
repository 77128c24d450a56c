using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Compile;

namespace Yun.Runtime.Cgroups;

/// <summary><c>linux.resources.devices</c>: nothing unless allowed, so a list of rules is an allow list even when it does not begin by denying all (GHSA-g54h-m393-cpwq).</summary>
internal static class DeviceRules
{
    // The devices that every container needs (config-linux.md, "Default Devices"), terminals, and mknod of any, which without access is harmless.
    private static readonly DeviceRule[] s_always =
    [
        new(true, 'c', null, null, "m"), new(true, 'b', null, null, "m"), new(true, 'c', 1, 3, "rwm"), new(true, 'c', 1, 5, "rwm"), new(true, 'c', 1, 7, "rwm"),
        new(true, 'c', 1, 8, "rwm"), new(true, 'c', 1, 9, "rwm"), new(true, 'c', 5, 0, "rwm"), new(true, 'c', 5, 2, "rwm"), new(true, 'c', 136, null, "rwm"),
    ];

    /// <summary>All rules in their order, the last of which that matches decides; null when every device is allowed.</summary>
    public static List<DeviceRule>? For(List<SpecDeviceRule>? given)
    {
        if (given is [{ Allow: true, Type: null or "a" or "", Major: null or -1, Minor: null or -1 }]) return null;
        var rules = new List<DeviceRule>();
        for (var i = 0; i < (given?.Count ?? 0); i++) rules.Add(Rule(given![i], $"linux.resources.devices[{i}]"));
        rules.AddRange(s_always);
        return rules;
    }

    /// <summary>As v1's devices.allow and devices.deny take it.</summary>
    public static string Text(DeviceRule rule) => rule.Type == 'a' ? "a" : $"{rule.Type} {Number(rule.Major)}:{Number(rule.Minor)} {rule.Access}";

    private static string Number(uint? number) => number is null ? "*" : $"{number}";

    private static DeviceRule Rule(SpecDeviceRule rule, string field)
    {
        if (rule.Type is null or "" or "a") return new DeviceRule(rule.Allow, 'a', null, null, "rwm");
        if (rule.Type is not ("c" or "b")) throw new SpecException($"{field}.type", $"'{rule.Type}' is not one of a, b, c");
        var access = rule.Access ?? "";
        foreach (var c in access) if (c is not ('r' or 'w' or 'm')) access = "";
        if (access.Length == 0) throw new SpecException($"{field}.access", $"'{rule.Access}' is not made of r, w and m");
        return new DeviceRule(rule.Allow, rule.Type[0], Part(rule.Major), Part(rule.Minor), access);
    }

    private static uint? Part(long? number) => number is null or < 0 ? null : (uint)number.Value;
}

using Yun.Oci;

namespace Yun.Tests.Runtime;

/// <summary>Changes to a spec that several tests make.</summary>
internal static class Namespaces
{
    public static void WithUser(RuntimeSpec spec)
    {
        spec.Linux!.Namespaces!.Add(new SpecNamespace { Type = "user" });
        spec.Linux.UidMappings = [new() { ContainerId = 0, HostId = 100_000, Size = 1000 }, new() { ContainerId = 1000, HostId = 300_000, Size = 1000 }];
        spec.Linux.GidMappings = [new() { ContainerId = 0, HostId = 200_000, Size = 65_536 }];
    }

    public static void WithUserAndTime(RuntimeSpec spec)
    {
        WithUser(spec);
        spec.Linux!.Namespaces!.Add(new SpecNamespace { Type = "time" });
        spec.Linux.TimeOffsets = new() { ["boottime"] = new SpecTimeOffset { Secs = 1_000_000 }, ["monotonic"] = new SpecTimeOffset { Secs = 2_000_000, Nanosecs = 5 } };
    }
}

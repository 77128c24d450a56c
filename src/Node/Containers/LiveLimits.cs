using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Node.Containers.Spec;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>Limits of a running container, changed in its cgroup. The files differ between v1 and v2; the values are those of <see cref="ResourceLimits"/>.</summary>
internal static class LiveLimits
{
    private const long DefaultPeriod = 100_000;

    public static void Apply(Cgroup cgroup, HostConfig before, HostConfig after)
    {
        var (old, next) = (ResourceLimits.Of(before, []), ResourceLimits.Of(after, []));
        try
        {
            if (next.Memory is { } memory && (memory.Limit, memory.Swap, memory.Reservation) != (old.Memory?.Limit, old.Memory?.Swap, old.Memory?.Reservation)) Memory(cgroup, memory, old.Memory?.Limit ?? long.MaxValue);
            if (next.Cpu is { } cpu) Cpu(cgroup, cpu);
            if ((next.Pids?.Limit ?? -1, old.Pids?.Limit ?? -1) is var (pids, pidsBefore) && pids != pidsBefore) Write(cgroup, "pids", "pids.max", pids < 0 ? "max" : $"{pids}");
            if (next.BlockIO?.Weight is { } weight && weight != old.BlockIO?.Weight) Put(cgroup, "blkio", "blkio.weight", "io", "io.weight", $"{weight}", $"default {weight}");
        }
        catch (SyscallException error) { throw new EngineException(ErrorKind.Internal, $"Cannot update container: {error.Message}", error); }
    }

    private static void Memory(Cgroup cgroup, Oci.SpecMemory memory, long limitBefore)
    {
        if (IsUnified("memory"))
        {
            if (memory.Limit is { } limit) Write(cgroup, "memory", "memory.max", $"{limit}");
            if (memory.Swap is { } both) Write(cgroup, "memory", "memory.swap.max", both < 0 ? "max" : $"{Math.Max(0, both - (memory.Limit ?? 0))}");
            if (memory.Reservation is { } low) Write(cgroup, "memory", "memory.low", $"{low}");
            return;
        }
        // v1 demands at every moment that memory is at most memory and swap: the one that grows further away goes first.
        var grows = memory.Limit > limitBefore;
        if (grows) Swap();
        if (memory.Limit is { } max) Write(cgroup, "memory", "memory.limit_in_bytes", $"{max}");
        if (!grows) Swap();
        if (memory.Reservation is { } soft) Write(cgroup, "memory", "memory.soft_limit_in_bytes", $"{soft}");

        void Swap()
        {
            if (memory.Swap is { } both && cgroup.DirectoryOf("memory") is { } directory && File.Exists($"{directory}/memory.memsw.limit_in_bytes")) Write(cgroup, "memory", "memory.memsw.limit_in_bytes", $"{both}");
        }
    }

    private static void Cpu(Cgroup cgroup, Oci.SpecCpu cpu)
    {
        if (cpu.Shares is { } shares) Put(cgroup, "cpu", "cpu.shares", "cpu", "cpu.weight", $"{shares}", $"{1 + (Math.Clamp(shares, 2, 262144) - 2) * 9999 / 262142}");
        if (cpu.Period is not null || cpu.Quota is not null)
        {
            if (IsUnified("cpu")) Write(cgroup, "cpu", "cpu.max", $"{(cpu.Quota is > 0 ? cpu.Quota.ToString() : "max")} {cpu.Period ?? DefaultPeriod}");
            else
            {
                if (cpu.Period is { } period) Write(cgroup, "cpu", "cpu.cfs_period_us", $"{period}");
                if (cpu.Quota is { } quota) Write(cgroup, "cpu", "cpu.cfs_quota_us", $"{quota}");
            }
        }
        if (cpu.Mems is { } mems) Write(cgroup, "cpuset", "cpuset.mems", mems);
        if (cpu.Cpus is { } cpus) Write(cgroup, "cpuset", "cpuset.cpus", cpus);
    }

    private static bool IsUnified(string controller) => CgroupLayout.Machine.Of(controller)?.IsUnified == true;

    private static void Put(Cgroup cgroup, string v1Controller, string v1File, string v2Controller, string v2File, string v1Value, string v2Value)
    {
        if (CgroupLayout.Machine.Of(v1Controller) is { IsUnified: false }) Write(cgroup, v1Controller, v1File, v1Value);
        else Write(cgroup, v2Controller, v2File, v2Value);
    }

    private static void Write(Cgroup cgroup, string controller, string file, string value)
    {
        var hierarchy = CgroupLayout.Machine.Of(controller) ?? throw new EngineException(ErrorKind.NotImplemented, $"This machine has no {controller} cgroup controller.");
        cgroup.Write(hierarchy, file, value);
    }
}

using System.Globalization;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>Limits that contradict each other or this machine, in Docker's words.</summary>
internal static class ResourceChecks
{
    // Below this a container cannot even start.
    private const long MemoryMin = 6 * 1024 * 1024;

    public static void Check(HostConfig host)
    {
        Memory(host);
        Cpu(host);
        if (host.BlkioWeight is not 0 and (< 10 or > 1000)) throw Wrong("Range of blkio weight is from 10 to 1000");
        if (host.KernelMemoryTCP != 0) throw Wrong("kernel memory TCP accounting is no longer supported by the kernel");
    }

    private static void Memory(HostConfig host)
    {
        if (host.Memory is not 0 and < MemoryMin) throw Wrong("Minimum memory limit allowed is 6MB");
        if (host.MemorySwap < -1) throw Wrong($"Invalid memory swap limit {host.MemorySwap}: it is -1 for unlimited, or at least the memory limit");
        if (host.Memory > 0 && host.MemorySwap > 0 && host.MemorySwap < host.Memory) throw Wrong("Minimum memoryswap limit should be larger than memory limit, see usage");
        if (host.Memory == 0 && host.MemorySwap > 0) throw Wrong("You should always set the Memory limit when using Memoryswap limit, see usage");
        if (host.MemorySwappiness is not null and not -1 and (< 0 or > 100)) throw Wrong($"Invalid value: {host.MemorySwappiness}, valid memory swappiness range is 0-100");
        if (host.MemoryReservation is not 0 and < MemoryMin) throw Wrong("Minimum memory reservation allowed is 6MB");
        if (host.Memory > 0 && host.MemoryReservation > 0 && host.Memory < host.MemoryReservation) throw Wrong("Minimum memory limit can not be less than memory reservation limit, see usage");
    }

    private static void Cpu(HostConfig host)
    {
        if (host.NanoCpus > 0 && host.CpuPeriod > 0) throw Wrong("Conflicting options: Nano CPUs and CPU Period cannot both be set");
        if (host.NanoCpus > 0 && host.CpuQuota > 0) throw Wrong("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
        var processors = Environment.ProcessorCount;
        if (host.NanoCpus < 0 || host.NanoCpus > processors * 1_000_000_000L)
            throw Wrong(string.Create(CultureInfo.InvariantCulture, $"Range of CPUs is from 0.01 to {processors:0.00}, as there are only {processors} CPUs available"));
        if (host.CpuShares < 0) throw Wrong($"invalid CPU shares ({host.CpuShares}): value must be a positive integer");
        if (host.CpuPeriod is not 0 and (< 1000 or > 1_000_000)) throw Wrong("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
        if (host.CpuQuota is > 0 and < 1000) throw Wrong("CPU cfs quota can not be less than 1ms (i.e. 1000)");
        if (host.CpusetCpus is { Length: > 0 } cpus) Cpuset(cpus, "cpus", "CPUs", "/sys/devices/system/cpu/online");
        if (host.CpusetMems is { Length: > 0 } mems) Cpuset(mems, "mems", "memory nodes", "/sys/devices/system/node/online");
    }

    private static void Cpuset(string asked, string field, string what, string onlinePath)
    {
        if (ParseList(asked) is not { } wanted) throw Wrong($"Invalid value {asked} for cpuset {field}");
        var online = File.Exists(onlinePath) ? File.ReadAllText(onlinePath).Trim() : "0";
        if (!wanted.IsSubsetOf(ParseList(online) ?? [])) throw Wrong($"Requested {what} are not available - requested {asked}, available: {online}");
    }

    /// <summary>A list as the kernel writes it, <c>0-2,5</c>; null when it is none.</summary>
    internal static HashSet<int>? ParseList(string text)
    {
        const int numberMax = 8192;
        var numbers = new HashSet<int>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first) || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)) return null;
            if (last < first || last > numberMax) return null;
            for (var number = first; number <= last; number++) numbers.Add(number);
        }
        return numbers;
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}

using System.Globalization;

namespace Yun.Linux.Cgroups;

/// <summary>What the processes of a cgroup have used, whichever version counts it. Times are nanoseconds, sizes bytes.</summary>
public sealed record CgroupStatistics
{
    public ulong CpuTotal { get; set; }
    public ulong CpuUser { get; set; }
    public ulong CpuKernel { get; set; }
    /// <summary>By processor; null where the kernel does not say (v2).</summary>
    public IReadOnlyList<ulong>? CpuEach { get; set; }
    public ulong Periods { get; set; }
    public ulong ThrottledPeriods { get; set; }
    public ulong ThrottledTime { get; set; }
    public ulong Memory { get; set; }
    public ulong MemoryPeak { get; set; }
    public ulong MemoryFailures { get; set; }
    /// <summary>Null without one, and above what the machine has.</summary>
    public ulong? MemoryLimit { get; set; }
    /// <summary>The lines of memory.stat, whose names differ between the versions.</summary>
    public IReadOnlyDictionary<string, ulong> MemoryDetail { get; set; } = new Dictionary<string, ulong>();
    public ulong Tasks { get; set; }
    public ulong? TasksLimit { get; set; }
    public IReadOnlyList<BlockStatistic> BlockBytes { get; set; } = [];
    public IReadOnlyList<BlockStatistic> BlockOperations { get; set; } = [];
}

/// <param name="Operation">Read, Write, Discard, and in v1 also Sync, Async and Total; v2's are in lower case, as Docker shows them.</param>
public sealed record BlockStatistic(ulong Major, ulong Minor, string Operation, ulong Value);

/// <summary>Reads them. A controller that the machine lacks leaves zeros; so does a cgroup that is gone.</summary>
public static class CgroupReader
{
    private const ulong NanosecondsPerTick = 10_000_000; // USER_HZ is 100 on every architecture we run on.

    public static CgroupStatistics Read(Cgroup cgroup)
    {
        var statistics = new CgroupStatistics();
        ReadCpu(cgroup, statistics);
        ReadMemory(cgroup, statistics);
        ReadBlocks(cgroup, statistics);
        if (cgroup.DirectoryOf("pids") is { } pids)
            (statistics.Tasks, statistics.TasksLimit) = (Number(pids, "pids.current") ?? 0, Number(pids, "pids.max"));
        return statistics;
    }

    /// <summary>How many processes the kernel has killed here for want of memory.</summary>
    public static ulong OomKills(Cgroup cgroup) =>
        cgroup.DirectoryOf("memory") is { } memory ? Pairs(memory, Files.Exists($"{memory}/memory.events") ? "memory.events" : "memory.oom_control").GetValueOrDefault("oom_kill") : 0;

    private static void ReadCpu(Cgroup cgroup, CgroupStatistics statistics)
    {
        if (cgroup.DirectoryOf("cpuacct") is { } v1)
        {
            statistics.CpuTotal = Number(v1, "cpuacct.usage") ?? 0;
            statistics.CpuEach = Array.ConvertAll((KernelFile.TryRead($"{v1}/cpuacct.usage_percpu") ?? "").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries), Parse);
            var ticks = Pairs(v1, "cpuacct.stat");
            (statistics.CpuUser, statistics.CpuKernel) = (ticks.GetValueOrDefault("user") * NanosecondsPerTick, ticks.GetValueOrDefault("system") * NanosecondsPerTick);
        }
        if (cgroup.DirectoryOf("cpu") is not { } cpu) return;
        var pairs = Pairs(cpu, "cpu.stat");
        (statistics.Periods, statistics.ThrottledPeriods) = (pairs.GetValueOrDefault("nr_periods"), pairs.GetValueOrDefault("nr_throttled"));
        if (pairs.TryGetValue("usage_usec", out var usage))
        {
            statistics.CpuTotal = usage * 1000;
            (statistics.CpuUser, statistics.CpuKernel) = (pairs.GetValueOrDefault("user_usec") * 1000, pairs.GetValueOrDefault("system_usec") * 1000);
        }
        statistics.ThrottledTime = pairs.TryGetValue("throttled_usec", out var throttled) ? throttled * 1000 : pairs.GetValueOrDefault("throttled_time");
    }

    private static void ReadMemory(Cgroup cgroup, CgroupStatistics statistics)
    {
        if (cgroup.DirectoryOf("memory") is not { } memory) return;
        statistics.MemoryDetail = Pairs(memory, "memory.stat");
        var unified = Files.Exists($"{memory}/memory.current");
        statistics.Memory = Number(memory, unified ? "memory.current" : "memory.usage_in_bytes") ?? 0;
        statistics.MemoryPeak = Number(memory, unified ? "memory.peak" : "memory.max_usage_in_bytes") ?? 0;
        statistics.MemoryLimit = Number(memory, unified ? "memory.max" : "memory.limit_in_bytes");
        statistics.MemoryFailures = unified ? Pairs(memory, "memory.events").GetValueOrDefault("max") : Number(memory, "memory.failcnt") ?? 0;
    }

    private static void ReadBlocks(Cgroup cgroup, CgroupStatistics statistics)
    {
        if (cgroup.DirectoryOf("blkio") is { } v1)
        {
            statistics.BlockBytes = Blocks(v1, "blkio.throttle.io_service_bytes_recursive") is { Count: > 0 } bytes ? bytes : Blocks(v1, "blkio.throttle.io_service_bytes");
            statistics.BlockOperations = Blocks(v1, "blkio.throttle.io_serviced_recursive") is { Count: > 0 } operations ? operations : Blocks(v1, "blkio.throttle.io_serviced");
        }
        else if (cgroup.DirectoryOf("io") is { } v2)
        {
            var (bytes, operations) = (new List<BlockStatistic>(), new List<BlockStatistic>());
            foreach (var line in Lines(v2, "io.stat")) AddUnified(line, bytes, operations);
            (statistics.BlockBytes, statistics.BlockOperations) = (bytes, operations);
        }
    }

    // "8:0 Read 4096"
    private static List<BlockStatistic> Blocks(string directory, string file)
    {
        var found = new List<BlockStatistic>();
        foreach (var line in Lines(directory, file))
            if (line.Split(' ') is [var device, var operation, var value] && device.Split(':') is [var major, var minor])
                found.Add(new BlockStatistic(Parse(major), Parse(minor), operation, Parse(value)));
        return found;
    }

    // "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0"
    private static void AddUnified(string line, List<BlockStatistic> bytes, List<BlockStatistic> operations)
    {
        var words = line.Split(' ');
        if (words[0].Split(':') is not [var major, var minor]) return;
        foreach (var word in words.AsSpan(1))
        {
            if (word.Split('=') is not [var name, var value]) continue;
            var (list, operation) = name switch
            {
                "rbytes" => (bytes, "read"), "wbytes" => (bytes, "write"), "dbytes" => (bytes, "discard"),
                "rios" => (operations, "read"), "wios" => (operations, "write"), "dios" => (operations, "discard"),
                _ => (null, ""),
            };
            list?.Add(new BlockStatistic(Parse(major), Parse(minor), operation, Parse(value)));
        }
    }

    private static string[] Lines(string directory, string file) => (KernelFile.TryRead($"{directory}/{file}") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static Dictionary<string, ulong> Pairs(string directory, string file)
    {
        var pairs = new Dictionary<string, ulong>();
        foreach (var line in Lines(directory, file))
            if (line.IndexOf(' ') is > 0 and var at) pairs[line[..at]] = Parse(line[(at + 1)..]);
        return pairs;
    }

    private static ulong? Number(string directory, string file) =>
        ulong.TryParse(KernelFile.TryRead($"{directory}/{file}")?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static ulong Parse(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}

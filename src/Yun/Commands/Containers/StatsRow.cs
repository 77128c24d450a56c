using System.Globalization;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary>What a container uses, as a line of <c>stats</c>.</summary>
public static class StatsRow
{
    private const string Nothing = "--";

    public static Listing Listing { get; } = new("{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}", new Dictionary<string, string>
    {
        ["Container"] = "CONTAINER", ["ID"] = "CONTAINER ID", ["Name"] = "NAME", ["CPUPerc"] = "CPU %", ["MemUsage"] = "MEM USAGE / LIMIT", ["MemPerc"] = "MEM %",
        ["NetIO"] = "NET I/O", ["BlockIO"] = "BLOCK I/O", ["PIDs"] = "PIDS",
    });

    /// <param name="asked">The name or id the user gave.</param>
    /// <param name="stats">Null when nothing was measured yet.</param>
    /// <param name="truncate">Whether to shorten the id.</param>
    public static Row Of(string asked, ContainerStats? stats, bool truncate) => new Row()
        .Add("Container", () => asked)
        .Add("Name", () => stats is null ? Nothing : stats.Name.TrimStart('/'))
        .Add("ID", () => stats is null ? Nothing : truncate ? Shortened.Id(stats.Id) : stats.Id)
        .Add("CPUPerc", () => stats is null ? Nothing : Percent(Cpu(stats)))
        .Add("MemUsage", () => stats is null ? $"{Nothing} / {Nothing}" : $"{HumanSize.Binary(Used(stats.Memory))} / {HumanSize.Binary(stats.Memory.Limit)}")
        .Add("MemPerc", () => stats is null ? Nothing : Percent(stats.Memory.Limit == 0 ? 0 : Used(stats.Memory) * 100.0 / stats.Memory.Limit))
        .Add("NetIO", () => stats is null ? Nothing : Traffic(Network(stats)))
        .Add("BlockIO", () => stats is null ? Nothing : Traffic(BlockIo(stats)))
        .Add("PIDs", () => stats is null ? Nothing : stats.Pids.Current.ToString(CultureInfo.InvariantCulture));

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture) + "%";

    private static string Traffic((double In, double Out) bytes) => $"{HumanSize.Decimal(bytes.In, 3)} / {HumanSize.Decimal(bytes.Out, 3)}";

    /// <summary>Bytes of all interfaces together.</summary>
    public static (double In, double Out) Network(ContainerStats stats) => Sum((stats.Networks ?? []).Values.Select(n => ((double)n.RxBytes, (double)n.TxBytes)));

    /// <summary>Bytes of all disks together, read and written.</summary>
    public static (double In, double Out) BlockIo(ContainerStats stats) => Sum((stats.Blkio.IoServiceBytesRecursive ?? []).Select(e => e.Op.ToLowerInvariant() switch
    {
        "read" => ((double)e.Value, 0.0),
        "write" => (0.0, (double)e.Value),
        _ => (0.0, 0.0),
    }));

    private static (double In, double Out) Sum(IEnumerable<(double In, double Out)> counts) => counts.Aggregate((In: 0.0, Out: 0.0), (sum, c) => (sum.In + c.In, sum.Out + c.Out));

    /// <summary>Percents of one processor: its time over everyone's, times how many there are.</summary>
    public static double Cpu(ContainerStats stats)
    {
        var own = (double)stats.Cpu.Usage.Total - stats.PreCpu.Usage.Total;
        var all = (double)stats.Cpu.SystemUsage - stats.PreCpu.SystemUsage;
        var processors = stats.Cpu.OnlineCpus > 0 ? (int)stats.Cpu.OnlineCpus : stats.Cpu.Usage.PerCpu?.Count ?? 1;
        return own > 0 && all > 0 ? own / all * processors * 100 : 0;
    }

    /// <summary>Bytes without the page cache that could be dropped: total_inactive_file in cgroup v1, inactive_file in v2.</summary>
    public static double Used(MemoryStats memory)
    {
        foreach (var name in new[] { "total_inactive_file", "inactive_file" })
        {
            if (memory.Stats?.TryGetValue(name, out var cache) == true && cache < memory.Usage) return memory.Usage - cache;
        }
        return memory.Usage;
    }
}

using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary>What a live table is sorted by, the most first.</summary>
public enum LiveOrder { Cpu, Memory, Network, BlockIo, Processes }

/// <summary>The picture that <c>yun top</c> draws.</summary>
public static class LiveTable
{
    private const string Columns = "table {{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";
    private const string Keys = "sort: c CPU, m memory, n network, b block I/O, p processes, arrows; q quits";

    /// <summary>A line of what is seen, one of keys, the header, and as many containers as there is room for; none wider than the terminal.</summary>
    public static IReadOnlyList<string> Lines(IReadOnlyCollection<(string Name, ContainerStats? Stats)> containers, LiveOrder order, int rows, int columns)
    {
        var sorted = containers.OrderByDescending(container => container.Stats is { } stats ? Weight(stats, order) : -1).ThenBy(container => container.Stats?.Name, StringComparer.Ordinal);
        var table = StatsRow.Listing.Text(Columns, sorted.Select(container => StatsRow.Of(container.Name, container.Stats, truncate: true)));
        var lines = new[] { $"{containers.Count} running, sorted by {NameOf(order)}", Keys }.Concat(table.TrimEnd('\n').Split('\n'));
        return [.. lines.Take(rows).Select(line => line.Length > columns ? line[..columns] : line)];
    }

    private static double Weight(ContainerStats stats, LiveOrder order) => order switch
    {
        LiveOrder.Cpu => StatsRow.Cpu(stats),
        LiveOrder.Memory => StatsRow.Used(stats.Memory),
        LiveOrder.Network => Sum(StatsRow.Network(stats)),
        LiveOrder.BlockIo => Sum(StatsRow.BlockIo(stats)),
        _ => stats.Pids.Current,
    };

    private static double Sum((double In, double Out) traffic) => traffic.In + traffic.Out;

    private static string NameOf(LiveOrder order) => order switch
    {
        LiveOrder.Cpu => "CPU",
        LiveOrder.BlockIo => "block I/O",
        _ => order.ToString().ToLowerInvariant(),
    };
}

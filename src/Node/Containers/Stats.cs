using System.Globalization;
using Yun.Linux;
using Yun.Linux.Cgroups;

namespace Yun.Node.Containers;

/// <summary>What a container has used up to a moment.</summary>
/// <param name="SystemCpu">Nanoseconds that all processors of the machine have worked, idled and waited.</param>
/// <param name="Interfaces">By the name inside; null when the container's network is not its own.</param>
public sealed record ContainerUsage(DateTimeOffset At, CgroupStatistics Cgroup, ulong SystemCpu, int Cpus, ulong MachineMemory, IReadOnlyDictionary<string, InterfaceUsage>? Interfaces);

public sealed record InterfaceUsage(ulong RxBytes, ulong RxPackets, ulong RxErrors, ulong RxDropped, ulong TxBytes, ulong TxPackets, ulong TxErrors, ulong TxDropped);

public sealed partial class Container
{
    private const ulong NanosecondsPerTick = 10_000_000;

    /// <summary>Null when nothing runs.</summary>
    public ContainerUsage? ReadUsage()
    {
        if (State is not { IsLive: true } live) return null;
        var (system, cpus) = SystemCpu();
        var host = HostConfig.NetworkMode == "host";
        return new ContainerUsage(Engine.Time.GetUtcNow(), CgroupReader.Read(Cgroup), system, cpus, MachineMemory(), host ? null : Interfaces(live.Pid));
    }

    // The first line of /proc/stat is the sum over all processors; the fields after steal are part of user and nice already.
    private static (ulong Nanoseconds, int Cpus) SystemCpu()
    {
        var lines = KernelFile.Read("/proc/stat").Split('\n');
        var ticks = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Aggregate(0UL, (sum, field) => sum + Parse(field));
        return (ticks * NanosecondsPerTick, lines.Count(line => line.Length > 3 && line.StartsWith("cpu", StringComparison.Ordinal) && char.IsAsciiDigit(line[3])));
    }

    private static ulong MachineMemory() => (ulong)(MemoryInfo.Read().Bytes("MemTotal") ?? 0);

    // /proc/PID/net shows the network namespace of that process.
    private static Dictionary<string, InterfaceUsage> Interfaces(int pid)
    {
        var found = new Dictionary<string, InterfaceUsage>();
        foreach (var line in (KernelFile.TryRead($"/proc/{pid}/net/dev") ?? "").Split('\n').Skip(2))
        {
            if (line.Split(':') is not [var name, var counters] || name.Trim() == "lo") continue;
            var n = counters.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse).ToArray();
            if (n.Length >= 12) found[name.Trim()] = new InterfaceUsage(n[0], n[1], n[2], n[3], n[8], n[9], n[10], n[11]);
        }
        return found;
    }

    private static ulong Parse(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}

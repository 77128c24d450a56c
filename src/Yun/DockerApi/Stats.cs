using Yun.DockerApi.Model;
using Yun.Linux.Cgroups;
using Yun.Node;
using Yun.Node.Containers;

namespace Yun.DockerApi;

/// <summary>What a container uses, a line a second. Clients compute percentages from a line and the one before, so each line brings the one before with it.</summary>
public static class StatsRoutes
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(1);

    public static void MapStats(this IEndpointRouteBuilder routes) => routes.MapGet("/containers/{name}/stats", StatsAsync);

    private static async Task StatsAsync(string name, HttpContext context, Engine engine)
    {
        var container = engine.Containers.Find(name);
        var stream = context.Flag("stream", whenAbsent: true);
        ContainerUsage? before = null;
        // A single line is good for percentages only with a line before it; who asks for one shot does without.
        if (!stream && !context.Flag("one-shot") && (before = container.ReadUsage()) is not null) await Task.Delay(s_between, engine.Time, context.RequestAborted);
        await context.StartStreamAsync("application/json");
        while (true)
        {
            var now = container.ReadUsage();
            await context.WriteLineAsync(Show(container, now, before), DockerApiJson.Default.ContainerStats);
            if (!stream || engine.Containers.TryFind(container.Id) is null) return;
            before = now;
            await Task.Delay(s_between, engine.Time, context.RequestAborted);
        }
    }

    private static ContainerStats Show(Container container, ContainerUsage? now, ContainerUsage? before)
    {
        var stats = new ContainerStats { Name = "/" + container.Name, Id = container.Id };
        if (now is null) return stats;
        stats.Read = now.At;
        stats.Cpu = Cpu(now);
        if (before is not null) (stats.PreRead, stats.PreCpu) = (before.At, Cpu(before));
        var used = now.Cgroup;
        stats.Pids = new PidsStats { Current = used.Tasks, Limit = used.TasksLimit ?? 0 };
        stats.ProcessCount = 0;
        stats.Blkio = new BlkioStats { IoServiceBytesRecursive = Blocks(used.BlockBytes), IoServicedRecursive = Blocks(used.BlockOperations) };
        stats.Memory = new MemoryStats
        {
            Usage = used.Memory, MaxUsage = used.MemoryPeak, FailCount = used.MemoryFailures, Stats = new(used.MemoryDetail),
            // Without a limit of its own, what the machine has is the limit.
            Limit = used.MemoryLimit is { } limit && limit < now.MachineMemory ? limit : now.MachineMemory,
        };
        stats.Networks = now.Interfaces?.ToDictionary(one => one.Key, one => new InterfaceStats
        {
            RxBytes = one.Value.RxBytes, RxPackets = one.Value.RxPackets, RxErrors = one.Value.RxErrors, RxDropped = one.Value.RxDropped,
            TxBytes = one.Value.TxBytes, TxPackets = one.Value.TxPackets, TxErrors = one.Value.TxErrors, TxDropped = one.Value.TxDropped,
        });
        return stats;
    }

    private static CpuStats Cpu(ContainerUsage usage) => new()
    {
        Usage = new CpuUsage { Total = usage.Cgroup.CpuTotal, InUserMode = usage.Cgroup.CpuUser, InKernelMode = usage.Cgroup.CpuKernel, PerCpu = usage.Cgroup.CpuEach is { } each ? [.. each] : null },
        SystemUsage = usage.SystemCpu, OnlineCpus = (uint)usage.Cpus,
        Throttling = new ThrottlingData { Periods = usage.Cgroup.Periods, ThrottledPeriods = usage.Cgroup.ThrottledPeriods, ThrottledTime = usage.Cgroup.ThrottledTime },
    };

    private static List<BlkioEntry> Blocks(IReadOnlyList<BlockStatistic> blocks) =>
        [.. blocks.Select(block => new BlkioEntry { Major = block.Major, Minor = block.Minor, Op = block.Operation, Value = block.Value })];
}

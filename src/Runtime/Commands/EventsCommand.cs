using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary><c>events ID</c>: what the container uses, one JSON object a line, every <c>--interval</c> until it ends; with <c>--stats</c> once. A kill for want of memory is an event of its own.</summary>
internal static class EventsCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var once = false;
        var interval = TimeSpan.FromSeconds(5);
        bool Take(string name, Func<string> value)
        {
            switch (name)
            {
                case "--stats": return once = true;
                case "--interval": interval = Duration.Parse(value(), name); return true;
                default: return false;
            }
        }
        line.Options(Take);
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        line.Options(Take);
        if (state.Status(settings) == "stopped") throw new UsageException($"container not running: {state.Id}");
        var cgroup = Cgroup.At(state.CgroupPath);
        if (once)
        {
            Write(state.Id, CgroupReader.Read(cgroup));
            return 0;
        }
        using var process = ProcessDescriptor.Open(state.Pid);
        Span<PollEntry> end = [new((int)process.DangerousGetHandle(), PollEvents.Readable)];
        for (var kills = CgroupReader.OomKills(cgroup); Poll.Wait(end, (int)interval.TotalMilliseconds) == 0;)
        {
            if (CgroupReader.OomKills(cgroup) is var now && now > kills) WriteOom(state.Id);
            kills = now;
            Write(state.Id, CgroupReader.Read(cgroup));
        }
        return 0;
    }

    private static void WriteOom(string id)
    {
        var json = new JsonWriter();
        json.WriteStartObject();
        json.WriteString("type", "oom");
        json.WriteString("id", id);
        json.WriteEndObject();
        Output.Write(json + "\n");
    }

    private static void Write(string id, CgroupStatistics statistics)
    {
        var json = new JsonWriter();
        json.WriteStartObject();
        json.WriteString("type", "stats");
        json.WriteString("id", id);
        json.WriteStartObject("data");
        Cpu(json, statistics);
        Memory(json, statistics);
        json.WriteStartObject("pids");
        json.WriteNumber("current", statistics.Tasks);
        if (statistics.TasksLimit is { } limit) json.WriteNumber("limit", limit);
        json.WriteEndObject();
        json.WriteStartObject("blkio");
        Blocks(json, "ioServiceBytesRecursive", statistics.BlockBytes);
        Blocks(json, "ioServicedRecursive", statistics.BlockOperations);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        Output.Write(json + "\n");
    }

    private static void Cpu(JsonWriter json, CgroupStatistics statistics)
    {
        json.WriteStartObject("cpu");
        json.WriteStartObject("usage");
        json.WriteNumber("total", statistics.CpuTotal);
        if (statistics.CpuEach is { } each)
        {
            json.WriteStartArray("percpu");
            foreach (var one in each) json.WriteNumberValue(one);
            json.WriteEndArray();
        }
        json.WriteNumber("kernel", statistics.CpuKernel);
        json.WriteNumber("user", statistics.CpuUser);
        json.WriteEndObject();
        json.WriteStartObject("throttling");
        json.WriteNumber("periods", statistics.Periods);
        json.WriteNumber("throttledPeriods", statistics.ThrottledPeriods);
        json.WriteNumber("throttledTime", statistics.ThrottledTime);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Memory(JsonWriter json, CgroupStatistics statistics)
    {
        json.WriteStartObject("memory");
        json.WriteNumber("cache", statistics.MemoryDetail.TryGetValue("cache", out var cache) || statistics.MemoryDetail.TryGetValue("file", out cache) ? cache : 0);
        json.WriteStartObject("usage");
        json.WriteNumber("limit", statistics.MemoryLimit ?? ulong.MaxValue);
        json.WriteNumber("usage", statistics.Memory);
        json.WriteNumber("max", statistics.MemoryPeak);
        json.WriteNumber("failcnt", statistics.MemoryFailures);
        json.WriteEndObject();
        json.WriteStartObject("raw");
        foreach (var (name, value) in statistics.MemoryDetail) json.WriteNumber(name, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Blocks(JsonWriter json, string name, IReadOnlyList<BlockStatistic> blocks)
    {
        json.WriteStartArray(name);
        foreach (var block in blocks)
        {
            json.WriteStartObject();
            json.WriteNumber("major", block.Major);
            json.WriteNumber("minor", block.Minor);
            json.WriteString("op", block.Operation);
            json.WriteNumber("value", block.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}

using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;
using Yun.Node.Containers;

namespace Yun.Commands.Containers;

/// <summary><c>yun update</c>.</summary>
public sealed class UpdateCommand : Command
{
    private readonly Setting<long?> _blkioWeight, _cpuPeriod, _cpuQuota, _cpuRtPeriod, _cpuRtRuntime, _cpuShares, _cpus, _memory, _memoryReservation, _memorySwap, _pidsLimit;
    private readonly Setting<string?> _cpusetCpus, _cpusetMems, _restart;

    public UpdateCommand() : base("[OPTIONS] CONTAINER [CONTAINER...]")
    {
        ArgumentsMin = 1;
        _blkioWeight = AddNumber("blkio-weight", null, "Block IO (relative weight), between 10 and 1000, or 0 to disable", "0", "uint16");
        _cpuPeriod = AddNumber("cpu-period", null, "Limit CPU CFS (Completely Fair Scheduler) period");
        _cpuQuota = AddNumber("cpu-quota", null, "Limit CPU CFS (Completely Fair Scheduler) quota");
        _cpuRtPeriod = AddNumber("cpu-rt-period", null, "Limit the CPU real-time period in microseconds");
        _cpuRtRuntime = AddNumber("cpu-rt-runtime", null, "Limit the CPU real-time runtime in microseconds");
        _cpuShares = AddNumber("cpu-shares", 'c', "CPU shares (relative weight)");
        _cpus = Add(new Setting<long?>("cpus", null, "decimal", "Number of CPUs", null, text => ResourceArguments.ParseCpus(text)));
        _cpusetCpus = AddText("cpuset-cpus", null, "CPUs in which to allow execution (0-3, 0,1)");
        _cpusetMems = AddText("cpuset-mems", null, "MEMs in which to allow execution (0-3, 0,1)");
        _memory = AddBytes("memory", 'm', "Memory limit");
        _memoryReservation = AddBytes("memory-reservation", null, "Memory soft limit");
        _memorySwap = Add(ResourceArguments.MemorySwap("Swap limit equal to memory plus swap: -1 to enable unlimited swap"));
        _pidsLimit = AddNumber("pids-limit", null, "Tune container pids limit (set -1 for unlimited)");
        _restart = AddText("restart", null, "Restart policy to apply when a container exits");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (!Options.Any(o => o.IsSet)) throw new FailureException("you must provide one or more flags when using this command");
        var update = new HostConfig
        {
            BlkioWeight = (ushort)(_blkioWeight.Value ?? 0),
            CpuPeriod = _cpuPeriod.Value ?? 0,
            CpuQuota = _cpuQuota.Value ?? 0,
            CpuRealtimePeriod = _cpuRtPeriod.Value ?? 0,
            CpuRealtimeRuntime = _cpuRtRuntime.Value ?? 0,
            CpuShares = _cpuShares.Value ?? 0,
            NanoCpus = _cpus.Value ?? 0,
            CpusetCpus = _cpusetCpus.Value,
            CpusetMems = _cpusetMems.Value,
            Memory = _memory.Value ?? 0,
            MemoryReservation = _memoryReservation.Value ?? 0,
            MemorySwap = _memorySwap.Value ?? 0,
            PidsLimit = _pidsLimit.Value,
            RestartPolicy = _restart.Value is { } policy ? ResourceArguments.ParseRestart(policy) : new RestartPolicy(),
        };
        return session.ForEach(arguments, name =>
        {
            using var response = session.Api.Post($"/containers/{name}/update", update, DockerApiJson.Default.HostConfig);
            foreach (var warning in response.Read(DockerApiJson.Default.ContainerUpdateResponse).Warnings ?? []) session.Error.WriteLine(warning);
        });
    }
}

using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary>The limits of a <see cref="HostConfig"/> as the OCI specification writes them.</summary>
public static class ResourceLimits
{
    private const ulong DefaultPeriod = 100_000;

    public static SpecResources Of(HostConfig host, List<SpecDeviceRule> deviceRules) => new()
    {
        Devices = deviceRules,
        Memory = Memory(host),
        Cpu = Cpu(host),
        Pids = host.PidsLimit is { } pids and not 0 ? new SpecPids { Limit = pids < 0 ? -1 : pids } : null,
        BlockIO = BlockIo(host),
    };

    private static SpecMemory? Memory(HostConfig host)
    {
        if (host is { Memory: 0, MemoryReservation: 0, MemorySwap: 0, MemorySwappiness: null or -1, OomKillDisable: not true, KernelMemory: 0 }) return null;
        return new SpecMemory
        {
            Limit = host.Memory > 0 ? host.Memory : null,
            Reservation = host.MemoryReservation > 0 ? host.MemoryReservation : null,
            // Memory and swap together; Docker's default is as much swap again as memory.
            Swap = host.MemorySwap != 0 ? host.MemorySwap : host.Memory > 0 ? host.Memory * 2 : null,
            Swappiness = host.MemorySwappiness is >= 0 ? (ulong)host.MemorySwappiness : null,
            DisableOomKiller = host.OomKillDisable == true ? true : null,
        };
    }

    private static SpecCpu? Cpu(HostConfig host)
    {
        var cpu = new SpecCpu
        {
            Shares = host.CpuShares > 0 ? (ulong)host.CpuShares : null,
            Period = host.NanoCpus > 0 ? DefaultPeriod : host.CpuPeriod > 0 ? (ulong)host.CpuPeriod : null,
            Quota = host.NanoCpus > 0 ? (long)((Int128)host.NanoCpus * DefaultPeriod / 1_000_000_000) : host.CpuQuota != 0 ? host.CpuQuota : null,
            RealtimePeriod = host.CpuRealtimePeriod > 0 ? (ulong)host.CpuRealtimePeriod : null,
            RealtimeRuntime = host.CpuRealtimeRuntime > 0 ? host.CpuRealtimeRuntime : null,
            Cpus = host.CpusetCpus is { Length: > 0 } cpus ? cpus : null,
            Mems = host.CpusetMems is { Length: > 0 } mems ? mems : null,
        };
        return cpu is { Shares: null, Period: null, Quota: null, RealtimePeriod: null, RealtimeRuntime: null, Cpus: null, Mems: null } ? null : cpu;
    }

    private static SpecBlockIo? BlockIo(HostConfig host)
    {
        if (host is { BlkioWeight: 0, BlkioWeightDevice: null or [], BlkioDeviceReadBps: null or [], BlkioDeviceWriteBps: null or [], BlkioDeviceReadIops: null or [], BlkioDeviceWriteIops: null or [] }) return null;
        return new SpecBlockIo
        {
            Weight = host.BlkioWeight > 0 ? host.BlkioWeight : null,
            WeightDevice = host.BlkioWeightDevice?.ConvertAll(d => { var (major, minor) = Numbers(d.Path); return new SpecWeightDevice { Major = major, Minor = minor, Weight = d.Weight }; }),
            ThrottleReadBpsDevice = Throttles(host.BlkioDeviceReadBps),
            ThrottleWriteBpsDevice = Throttles(host.BlkioDeviceWriteBps),
            ThrottleReadIopsDevice = Throttles(host.BlkioDeviceReadIops),
            ThrottleWriteIopsDevice = Throttles(host.BlkioDeviceWriteIops),
        };
    }

    private static List<SpecThrottleDevice>? Throttles(List<BlkioRateDevice>? devices) =>
        devices?.ConvertAll(d => { var (major, minor) = Numbers(d.Path); return new SpecThrottleDevice { Major = major, Minor = minor, Rate = d.Rate }; });

    private static (long Major, long Minor) Numbers(string path) => DeviceNode.TryRead(path) is { } device
        ? (device.Major, device.Minor)
        : throw new EngineException(ErrorKind.InvalidArgument, $"'{path}' is not a block device of this machine.");
}

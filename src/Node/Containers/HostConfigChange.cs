using System.Text.Json;
using System.Text.Json.Serialization;

namespace Yun.Node.Containers;

/// <summary>A <see cref="HostConfig"/> with some limits changed.</summary>
internal static class HostConfigChange
{
    /// <summary>Records are shared with readers, so a change is made on a copy; the JSON form is the one copy that forgets no property.</summary>
    public static HostConfig Copy(HostConfig now) => JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(now, HostConfigJson.Default.HostConfig), HostConfigJson.Default.HostConfig)!;

    public static HostConfig Apply(HostConfig now, HostConfig change)
    {
        var next = Copy(now);
        if (change.Memory != 0)
        {
            // Docker's rule: a memory limit above the swap limit that stands needs a new one beside it, unless that was derived.
            if (change.MemorySwap == 0 && now.MemorySwap > 0 && change.Memory > now.MemorySwap) throw new Protocol.EngineException(Protocol.ErrorKind.Conflict,
                "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time");
            next.Memory = change.Memory;
        }
        if (change.MemorySwap != 0) next.MemorySwap = change.MemorySwap;
        if (change.MemoryReservation != 0) next.MemoryReservation = change.MemoryReservation;
        if (change.CpuShares != 0) next.CpuShares = change.CpuShares;
        if (change.NanoCpus != 0) (next.NanoCpus, next.CpuPeriod, next.CpuQuota) = (change.NanoCpus, 0, 0);
        if (change.CpuPeriod != 0) (next.CpuPeriod, next.NanoCpus) = (change.CpuPeriod, 0);
        if (change.CpuQuota != 0) (next.CpuQuota, next.NanoCpus) = (change.CpuQuota, 0);
        if (change.CpusetCpus is { Length: > 0 }) next.CpusetCpus = change.CpusetCpus;
        if (change.CpusetMems is { Length: > 0 }) next.CpusetMems = change.CpusetMems;
        if (change.BlkioWeight != 0) next.BlkioWeight = change.BlkioWeight;
        // Docker notes 0 for no limit, whichever way it was asked for.
        if (change.PidsLimit is { } pids) next.PidsLimit = Math.Max(pids, 0);
        if (change.RestartPolicy is { Name.Length: > 0 }) next.RestartPolicy = change.RestartPolicy;
        return next;
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(HostConfig))]
internal sealed partial class HostConfigJson : JsonSerializerContext;

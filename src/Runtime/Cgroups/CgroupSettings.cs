using System.Globalization;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Compile;

namespace Yun.Runtime.Cgroups;

/// <summary>One file of a cgroup to be written.</summary>
/// <param name="Optional">Whether a kernel without the file, or one that refuses, is no reason to fail: defaults, not wishes.</param>
internal readonly record struct CgroupSetting(CgroupHierarchy Hierarchy, string File, string Value, string Field, bool Optional = false);

/// <summary>The spec's <c>linux.resources</c> as files to write, for v1, v2 and hybrid machines.</summary>
internal static class CgroupSettings
{
    /// <summary>Sets up a new cgroup.</summary>
    public static void Apply(Cgroup cgroup, SpecResources? resources, CgroupLayout layout)
    {
        Write(cgroup, For(resources ?? new SpecResources(), layout));
        FilterDevices(cgroup, resources?.Devices, layout);
    }

    /// <summary>Whether anything is limited. Rules for devices are not counted: without rights nobody can make one.</summary>
    public static bool HasLimits(SpecResources? resources) =>
        resources is { Memory: not null } or { Cpu: not null } or { Pids: not null } or { BlockIO: not null } or { HugepageLimits.Count: > 0 } or { Network: not null } or { Rdma.Count: > 0 } or { Unified.Count: > 0 };

    /// <summary>Changes what <paramref name="resources"/> names and nothing else.</summary>
    public static void Change(Cgroup cgroup, SpecResources resources, CgroupLayout layout)
    {
        var settings = new List<CgroupSetting>();
        KeepQuota(cgroup, resources, layout);
        foreach (var setting in For(resources, layout))
            if (resources.Devices is not null || !setting.Field.StartsWith("linux.resources.devices", StringComparison.Ordinal)) settings.Add(setting);
        Write(cgroup, settings);
        if (resources.Devices is not null) FilterDevices(cgroup, resources.Devices, layout);
    }

    // v2 has quota and period in one file, and a period alone is not to lift the quota.
    private static void KeepQuota(Cgroup cgroup, SpecResources resources, CgroupLayout layout)
    {
        if (resources.Cpu is not { Period: > 0, Quota: null or 0 } cpu || layout.Of("cpu") is not { IsUnified: true } hierarchy) return;
        if (KernelFile.TryRead(cgroup.DirectoryIn(hierarchy) + "/cpu.max")?.Split(' ') is [var quota, ..] && long.TryParse(quota, out var microseconds)) cpu.Quota = microseconds;
    }

    // Limits hold one another: memory may not pass memory and swap together, nor a quota its burst. What is refused is tried once more after the rest.
    private static void Write(Cgroup cgroup, IEnumerable<CgroupSetting> settings)
    {
        List<CgroupSetting>? refused = null;
        foreach (var setting in settings)
        {
            try { cgroup.Write(setting.Hierarchy, setting.File, setting.Value); }
            catch (SyscallException) when (setting.Optional) { }
            catch (SyscallException) { (refused ??= []).Add(setting); }
        }
        foreach (var setting in refused ?? [])
        {
            try { cgroup.Write(setting.Hierarchy, setting.File, setting.Value); }
            catch (SyscallException error) { throw new SpecException(setting.Field, error.Message); }
        }
    }

    public static IEnumerable<CgroupSetting> For(SpecResources resources, CgroupLayout layout)
    {
        var settings = new List<CgroupSetting>();
        if (resources.BlockIO?.WeightDevice?.FindIndex(d => d is { Weight: null, LeafWeight: null }) is >= 0 and var empty) throw new SpecException($"linux.resources.blockIO.weightDevice[{empty}]", "has neither weight nor leafWeight");
        void Add(string controller, string field, string file, string? value, bool optional = false)
        {
            if (value is null) return;
            var hierarchy = layout.Of(controller) ?? (optional ? null : throw new SpecException(field, $"this machine has no {controller} cgroup controller"));
            if (hierarchy is not null) settings.Add(new CgroupSetting(hierarchy, file, value, field, optional));
        }
        foreach (var controller in (string[])["memory", "cpu", "cpuset", "pids", "blkio", "io", "hugetlb", "net_cls", "net_prio", "rdma"])
        {
            var unified = layout.Of(controller)?.IsUnified ?? layout.IsUnifiedOnly;
            ForController(controller, unified, resources, (field, file, value, optional) => Add(controller, $"linux.resources.{field}", file, value, optional));
        }
        if (layout.Of("devices") is { IsUnified: false } devices) AddDevices(settings, resources.Devices, devices);
        if (resources.Unified is { Count: > 0 } raw)
        {
            if (layout.Unified is not { } unified) throw new SpecException("linux.resources.unified", "this machine has no cgroup v2 hierarchy");
            foreach (var (file, value) in raw)
            {
                if (file.Contains('/')) throw new SpecException("linux.resources.unified", $"'{file}' is not a file of a cgroup");
                // Beside v1 the v2 hierarchy has no controllers, and so none of their files.
                if (!layout.IsUnifiedOnly && file.Split('.')[0] is var controller && controller != "cgroup" && !unified.Has(controller))
                    throw new SpecException($"linux.resources.unified.{file}", $"invalid configuration: this machine's {controller} controller is not in its cgroup v2 hierarchy");
                settings.Add(new CgroupSetting(unified, file, value, $"linux.resources.unified.{file}"));
            }
        }
        return settings;
    }

    private delegate void Put(string field, string file, string? value, bool optional = false);

    private static void ForController(string controller, bool unified, SpecResources resources, Put put)
    {
        switch (controller)
        {
            case "memory" when resources.Memory is { } memory: (unified ? MemoryV2 : (Action<SpecMemory, Put>)MemoryV1)(memory, put); break;
            case "cpu" when resources.Cpu is { } cpu: (unified ? CpuV2 : (Action<SpecCpu, Put>)CpuV1)(cpu, put); break;
            case "cpuset" when resources.Cpu is { } cpu:
                put("cpu.mems", "cpuset.mems", Nonempty(cpu.Mems));
                put("cpu.cpus", "cpuset.cpus", Nonempty(cpu.Cpus));
                break;
            case "pids" when resources.Pids?.Limit is { } limit and not 0: put("pids.limit", "pids.max", limit < 0 ? "max" : Text(limit)); break;
            case "blkio" when !unified && resources.BlockIO is { } block: BlockV1(block, put); break;
            case "io" when unified && resources.BlockIO is { } block: BlockV2(block, put); break;
            case "hugetlb":
                foreach (var page in resources.HugepageLimits ?? [])
                {
                    var file = unified ? "max" : "limit_in_bytes";
                    put("hugepageLimits", $"hugetlb.{page.PageSize}.{file}", Text(page.Limit));
                    // Reservations are counted by kernels since 5.7; without a limit of theirs a program gets SIGBUS instead of an error.
                    put("hugepageLimits", $"hugetlb.{page.PageSize}.rsvd.{file}", Text(page.Limit), optional: true);
                }
                break;
            case "rdma":
                // One file for all devices, and a line for each.
                foreach (var (device, limits) in resources.Rdma ?? [])
                {
                    if (limits is { HcaHandles: null, HcaObjects: null }) throw new SpecException($"linux.resources.rdma.{device}", "has neither hcaHandles nor hcaObjects");
                    put($"rdma.{device}", "rdma.max", $"{device} hca_handle={limits.HcaHandles?.ToString(CultureInfo.InvariantCulture) ?? "max"} hca_object={limits.HcaObjects?.ToString(CultureInfo.InvariantCulture) ?? "max"}");
                }
                break;
            case "net_cls" when resources.Network?.ClassId is { } classId: put("network.classID", "net_cls.classid", Text(classId)); break;
            case "net_prio":
                foreach (var priority in resources.Network?.Priorities ?? []) put("network.priorities", "net_prio.ifpriomap", $"{priority.Name} {priority.Priority}");
                break;
        }
    }

    private static void MemoryV1(SpecMemory memory, Put put)
    {
        put("memory.limit", "memory.limit_in_bytes", Wanted(memory.Limit));
        // Memory and swap together; a kernel without swap accounting has no such file.
        put("memory.swap", "memory.memsw.limit_in_bytes", Wanted(SwapOf(memory)), optional: !Files.Exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"));
        put("memory.reservation", "memory.soft_limit_in_bytes", Wanted(memory.Reservation));
        put("memory.swappiness", "memory.swappiness", memory.Swappiness is { } swappiness && Swappiness(swappiness) ? Text(swappiness) : null);
        put("memory.disableOOMKiller", "memory.oom_control", memory.DisableOomKiller == true ? "1" : null);
        put("memory.kernelTCP", "memory.kmem.tcp.limit_in_bytes", Wanted(memory.KernelTcp));
    }

    // Old engines write the minus one that means the machine's own as the largest number there is.
    private static bool Swappiness(ulong value) => value <= 100 || (value == ulong.MaxValue ? false : throw new SpecException("linux.resources.memory.swappiness", $"{value} is not between 0 and 100"));

    private static void MemoryV2(SpecMemory memory, Put put)
    {
        put("memory.limit", "memory.max", Maximum(memory.Limit));
        // v2 counts swap apart from memory, the specification counts them together.
        if (SwapOf(memory) is { } swap and not 0)
            put("memory.swap", "memory.swap.max", swap < 0 ? "max" : memory.Limit is > 0 and var limit ? swap < limit ? throw new SpecException("linux.resources.memory.swap", "is below the memory limit it includes") : Text(swap - limit) : null);
        put("memory.reservation", "memory.low", Maximum(memory.Reservation));
    }

    // Without a limit of memory there is none of memory and swap together, unless it is asked for.
    private static long? SwapOf(SpecMemory memory) => memory is { Limit: -1, Swap: null or 0 } ? -1 : memory.Swap;

    private static void CpuV1(SpecCpu cpu, Put put)
    {
        put("cpu.shares", "cpu.shares", cpu.Shares is > 0 ? Text(cpu.Shares.Value) : null);
        put("cpu.period", "cpu.cfs_period_us", cpu.Period is > 0 ? Text(cpu.Period.Value) : null);
        put("cpu.quota", "cpu.cfs_quota_us", cpu.Quota is { } quota and not 0 ? Text(quota) : null);
        put("cpu.burst", "cpu.cfs_burst_us", cpu.Burst is { } burst ? Text(burst) : null);
        put("cpu.realtimePeriod", "cpu.rt_period_us", cpu.RealtimePeriod is > 0 ? Text(cpu.RealtimePeriod.Value) : null);
        put("cpu.realtimeRuntime", "cpu.rt_runtime_us", cpu.RealtimeRuntime is { } runtime and not 0 ? Text(runtime) : null);
        put("cpu.idle", "cpu.idle", cpu.Idle is { } idle ? Text(idle) : null);
    }

    private static void CpuV2(SpecCpu cpu, Put put)
    {
        // runc's mapping of 2..262144 shares to a weight of 1..10000.
        put("cpu.shares", "cpu.weight", cpu.Shares is { } shares and > 0 ? Text(1 + (Math.Clamp(shares, 2, 262144) - 2) * 9999 / 262142) : null);
        if (cpu.Quota is not null || cpu.Period is > 0)
            put("cpu.quota", "cpu.max", $"{(cpu.Quota is > 0 ? Text(cpu.Quota.Value) : "max")}{(cpu.Period is > 0 ? $" {cpu.Period}" : "")}");
        put("cpu.burst", "cpu.max.burst", cpu.Burst is { } burst ? Text(burst) : null);
        put("cpu.idle", "cpu.idle", cpu.Idle is { } idle ? Text(idle) : null);
    }

    private static void BlockV1(SpecBlockIo block, Put put)
    {
        put("blockIO.weight", "blkio.bfq.weight", block.Weight is > 0 ? Text(block.Weight.Value) : null, optional: true);
        foreach (var device in block.WeightDevice ?? []) put("blockIO.weightDevice", "blkio.bfq.weight_device", device.Weight is { } weight ? $"{device.Major}:{device.Minor} {weight}" : null);
        foreach (var (field, file, devices) in Throttles(block, "blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device", "blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device"))
            foreach (var device in devices) put(field, file, $"{device.Major}:{device.Minor} {device.Rate}");
    }

    private static void BlockV2(SpecBlockIo block, Put put)
    {
        // Which of the two there is depends on the scheduler of the disks; the second counts from 1 to 10000.
        put("blockIO.weight", "io.bfq.weight", block.Weight is > 0 ? Text(block.Weight.Value) : null, optional: true);
        put("blockIO.weight", "io.weight", block.Weight is > 0 and var weight ? Text(1 + (Math.Clamp((int)weight, 10, 1000) - 10) * 9999 / 990) : null, optional: true);
        foreach (var device in block.WeightDevice ?? []) put("blockIO.weightDevice", "io.bfq.weight", device.Weight is { } own ? $"{device.Major}:{device.Minor} {own}" : null);
        foreach (var (field, key, devices) in Throttles(block, "rbps", "wbps", "riops", "wiops"))
            foreach (var device in devices) put(field, "io.max", $"{device.Major}:{device.Minor} {key}={device.Rate}");
    }

    private static IEnumerable<(string Field, string Name, List<SpecThrottleDevice> Devices)> Throttles(SpecBlockIo block, string readBytes, string writeBytes, string reads, string writes) =>
    [
        ("blockIO.throttleReadBpsDevice", readBytes, block.ThrottleReadBpsDevice ?? []), ("blockIO.throttleWriteBpsDevice", writeBytes, block.ThrottleWriteBpsDevice ?? []),
        ("blockIO.throttleReadIOPSDevice", reads, block.ThrottleReadIopsDevice ?? []), ("blockIO.throttleWriteIOPSDevice", writes, block.ThrottleWriteIopsDevice ?? []),
    ];

    private static void AddDevices(List<CgroupSetting> settings, List<SpecDeviceRule>? given, CgroupHierarchy hierarchy)
    {
        const string field = "linux.resources.devices";
        if (DeviceRules.For(given) is not { } rules)
        {
            settings.Add(new CgroupSetting(hierarchy, "devices.allow", "a", field));
            return;
        }
        settings.Add(new CgroupSetting(hierarchy, "devices.deny", "a", field));
        for (var i = 0; i < rules.Count; i++)
            // "Deny all" first is said already, and again would only take time.
            if (i > 0 || rules[i] is not { Allow: false, Type: 'a' })
                settings.Add(new CgroupSetting(hierarchy, rules[i].Allow ? "devices.allow" : "devices.deny", DeviceRules.Text(rules[i]), i < (given?.Count ?? 0) ? $"{field}[{i}]" : field));
    }

    // Where v1 has no devices controller, v2 has the filter.
    private static void FilterDevices(Cgroup cgroup, List<SpecDeviceRule>? given, CgroupLayout layout)
    {
        if (layout.Of("devices") is not null || layout.Unified is not { } unified || DeviceRules.For(given) is not { } rules) return;
        try { DeviceFilter.Set(cgroup.DirectoryIn(unified), rules); }
        catch (SyscallException error) { throw new SpecException("linux.resources.devices", error.Message); }
    }

    private static string? Wanted(long? value) => value is null or 0 ? null : Text(value.Value);

    private static string? Maximum(long? value) => value is null or 0 ? null : value < 0 ? "max" : Text(value.Value);

    private static string? Nonempty(string? value) => string.IsNullOrEmpty(value) ? null : value;

    private static string Text<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}

using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Cgroups;
using Yun.Runtime.Compile;

namespace Yun.Tests.Runtime.Cgroups;

public sealed class SettingTests
{
    private static readonly CgroupLayout s_v1 = CgroupLayout.Parse(
        [.. ((string[])["memory", "cpu", "cpuset", "pids", "blkio", "hugetlb", "net_cls", "net_prio", "rdma", "devices"]).Select(c => $"35 30 0:31 / /sys/fs/cgroup/{c} rw - cgroup cgroup rw,{c}")], _ => []);

    private static readonly CgroupLayout s_v2 = CgroupLayout.Parse(["38 30 0:37 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"], _ => ["cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma"]);

    private static string[] Written(SpecResources resources, CgroupLayout layout) => [.. CgroupSettings.For(resources, layout).Where(s => !s.File.StartsWith("devices", StringComparison.Ordinal)).Select(s => $"{s.File}={s.Value}")];

    public static TheoryData<string, SpecResources, string[], string[]> Cases() => new()
    {
        { "memory", new() { Memory = new() { Limit = 1 << 20, Swap = 3 << 20, Reservation = 1 << 19, Swappiness = 10, DisableOomKiller = true } },
            ["memory.limit_in_bytes=1048576", "memory.memsw.limit_in_bytes=3145728", "memory.soft_limit_in_bytes=524288", "memory.swappiness=10", "memory.oom_control=1"],
            ["memory.max=1048576", "memory.swap.max=2097152", "memory.low=524288"] },
        { "no limit", new() { Memory = new() { Limit = -1, Swap = -1 }, Pids = new() { Limit = -1 } }, ["memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1", "pids.max=max"], ["memory.max=max", "memory.swap.max=max", "pids.max=max"] },
        { "cpu", new() { Cpu = new() { Shares = 1024, Quota = 50_000, Period = 100_000, Cpus = "0-1", Mems = "0", Idle = 0 } },
            ["cpu.shares=1024", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000", "cpu.idle=0", "cpuset.mems=0", "cpuset.cpus=0-1"],
            ["cpu.weight=39", "cpu.max=50000 100000", "cpu.idle=0", "cpuset.mems=0", "cpuset.cpus=0-1"] },
        { "blocks", new() { BlockIO = new() { Weight = 500, WeightDevice = [new() { Major = 8, Weight = 100 }], ThrottleReadBpsDevice = [new() { Major = 8, Minor = 1, Rate = 1000 }], ThrottleWriteIopsDevice = [new() { Major = 8, Minor = 2, Rate = 7 }] } },
            ["blkio.bfq.weight=500", "blkio.bfq.weight_device=8:0 100", "blkio.throttle.read_bps_device=8:1 1000", "blkio.throttle.write_iops_device=8:2 7"],
            ["io.bfq.weight=500", "io.weight=4950", "io.bfq.weight=8:0 100", "io.max=8:1 rbps=1000", "io.max=8:2 wiops=7"] },
        { "RDMA", new() { Rdma = new() { ["mlx"] = new() { HcaHandles = 2, HcaObjects = 2000 }, ["ocr"] = new() { HcaObjects = 5 } } }, ["rdma.max=mlx hca_handle=2 hca_object=2000", "rdma.max=ocr hca_handle=max hca_object=5"], ["rdma.max=mlx hca_handle=2 hca_object=2000", "rdma.max=ocr hca_handle=max hca_object=5"] },
        { "huge pages", new() { HugepageLimits = [new() { PageSize = "2MB", Limit = 4 << 20 }] }, ["hugetlb.2MB.limit_in_bytes=4194304", "hugetlb.2MB.rsvd.limit_in_bytes=4194304"], ["hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304"] },
        { "no limit of memory is none of swap", new() { Memory = new() { Limit = -1 } }, ["memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"], ["memory.max=max", "memory.swap.max=max"] },
        { "a quota alone", new() { Cpu = new() { Quota = 50_000 } }, ["cpu.cfs_quota_us=50000"], ["cpu.max=50000"] },
    };

    [Theory, MemberData(nameof(Cases))]
    public void A_limit_is_written_in_the_words_of_either_version(string name, SpecResources resources, string[] v1, string[] v2)
    {
        Assert.NotEmpty(name);
        Assert.Equal(v1, Written(resources, s_v1));
        Assert.Equal(v2, Written(resources, s_v2));
    }

    [Fact]
    public void Network_classes_are_v1s_alone()
    {
        var resources = new SpecResources { Network = new() { ClassId = 0x100001, Priorities = [new() { Name = "eth0", Priority = 5 }] } };
        Assert.Equal(["net_cls.classid=1048577", "net_prio.ifpriomap=eth0 5"], Written(resources, s_v1));
        Assert.Equal("linux.resources.network.classID", Assert.Throws<SpecException>(() => Written(resources, s_v2)).Field);
    }

    [Fact]
    public void Files_of_v2_are_written_as_they_are_and_nothing_else_is()
    {
        Assert.Equal(["memory.high=1000"], Written(new() { Unified = new() { ["memory.high"] = "1000" } }, s_v2));
        Assert.Equal("linux.resources.unified", Assert.Throws<SpecException>(() => Written(new() { Unified = new() { ["../x"] = "1" } }, s_v2)).Field);
        Assert.Equal("linux.resources.unified", Assert.Throws<SpecException>(() => Written(new() { Unified = new() { ["memory.high"] = "1000" } }, s_v1)).Field);
    }

    [Fact]
    public void Swap_below_the_memory_that_it_includes_is_refused()
    {
        Assert.Equal("linux.resources.memory.swap", Assert.Throws<SpecException>(() => Written(new() { Memory = new() { Limit = 2000, Swap = 1000 } }, s_v2)).Field);
    }
}
